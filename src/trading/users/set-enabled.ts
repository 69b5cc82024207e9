import { auditTarget, changed, unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { lockUser, USER_COLUMNS } from './store.ts';

/**
 * Enables a user, or disables one and ends its login sessions; changes nothing if that is already so. The result
 * includes the columns of `beside`.
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
    const extra = await beside(trx);
    if (before.enabled === enabled) return unchanged({ ...before, ...extra });
    const after = await trx.db
      .updateTable('users')
      .set({ enabled })
      .where('user_id', '=', userId)
      .returning(USER_COLUMNS)
      .executeTakeFirstOrThrow();
    const body = { before: { enabled: before.enabled }, after: { enabled }, ...(reason && { reason }) };
    return changed({ ...after, ...extra }, auditTarget('user', userId), body);
  });
}
