import type { Context } from '../context.ts';
import { lockUser, USER_COLUMNS } from './store.ts';

/** Lets a trader in, or keeps one out and ends what sessions there are; one that is so already stays so. */
export function setEnabled(ctx: Context, userId: string, enabled: boolean, reason: string | undefined) {
  return ctx.change(async (trx) => {
    const before = await lockUser(trx, userId);
    if (!enabled) trx.touch('logout', [userId]);
    if (before.enabled === enabled) return { result: before, audit: null };
    const after = await trx
      .updateTable('users')
      .set({ enabled })
      .where('user_id', '=', userId)
      .returning(USER_COLUMNS)
      .executeTakeFirstOrThrow();
    const body = { before: { enabled: before.enabled }, after: { enabled }, ...(reason && { reason }) };
    return { result: after, audit: { target: `user ${userId}`, body } };
  });
}
