import { auditTarget, changed, unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { pluralize } from '../../util/text.ts';
import { findUser } from '../users/store.ts';
import { countUnread } from './count-unread.ts';
import { findNotification, NOTIFICATION_COLUMNS } from './store.ts';

/** Marks one notification as read; one that is read does not change. Throws NOTIFICATION_NOT_FOUND. */
export function markRead(ctx: Context, id: string) {
  return ctx.change(async (trx) => {
    const [marked] = await unread(trx, ctx)
      .where('notification_id', '=', id)
      .returning(NOTIFICATION_COLUMNS)
      .execute();
    if (!marked) return unchanged({ read: 0, ...(await findNotification(trx.db, id)) });
    trx.touch('read', [id]);
    return changed({ read: 1, ...marked }, auditTarget('notification', id), { read: 1 });
  });
}

/** Marks the unread notifications of a user, the system-wide ones or, after consent, all; returns how many. */
export async function markAllRead(
  ctx: Context,
  { user, system }: { user: UserId | undefined; system: boolean },
) {
  if (user === undefined && !system) {
    const count = await countUnread(await ctx.db());
    if (count > 0) await ctx.confirm(`This marks ${pluralize(count, 'notification')} of everyone as read.`);
  }
  return ctx.change(async (trx) => {
    if (user !== undefined) await findUser(trx.db, user);
    let marking = unread(trx, ctx);
    if (user !== undefined) marking = marking.where('user_id', '=', user);
    if (system) marking = marking.where('user_id', 'is', null);
    const marked = await marking.returning('notification_id').execute();
    const done = { read: marked.length };
    if (marked.length === 0) return unchanged(done);
    trx.touch(
      'read',
      marked.map(({ notification_id }) => notification_id),
    );
    const target = user === undefined ? 'notifications' : auditTarget('user', user);
    return changed(done, target, { ...done, system });
  });
}

/** The statement that marks unread notifications as read now; the caller adds the condition. */
function unread(trx: Trx, ctx: Context) {
  return trx.db
    .updateTable('notifications')
    .set({ read_at: instant(ctx.now()) })
    .where('read_at', 'is', null);
}
