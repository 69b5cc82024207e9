import { auditTarget, changed, unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { lockUser, USER_COLUMNS } from './store.ts';

/**
 * Lets a trader in, or keeps one out and ends what sessions there are; one that is so already stays so. The result tells
 * `beside`, too.
 */
export function setUserEnabled<T extends object>(
  ctx: Context,
  userId: UserId,
  { enabled, reason }: { enabled: boolean; reason?: string | undefined },
  beside: (trx: Trx) => Promise<T>,
) {
  return ctx.change(async (trx) => {
    const before = await lockUser(trx, userId);
    if (!enabled) trx.touch('logout', [userId]);
    const told = await beside(trx);
    if (before.enabled === enabled) return unchanged({ ...before, ...told });
    const after = await trx.db
      .updateTable('users')
      .set({ enabled })
      .where('user_id', '=', userId)
      .returning(USER_COLUMNS)
      .executeTakeFirstOrThrow();
    const body = { before: { enabled: before.enabled }, after: { enabled }, ...(reason && { reason }) };
    return changed({ ...after, ...told }, auditTarget('user', userId), body);
  });
}
