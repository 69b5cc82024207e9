import type { Trx } from '../../audit/transaction.ts';
import { defineCommand } from '../../cli/command.ts';
import { identifier, optional, parsed, toggle } from '../../cli/flags.ts';
import { optionalFields } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { type UserId, userId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { findNotification, NOTIFICATION_COLUMNS } from '../../trading/notifications/store.ts';
import { findUser } from '../../trading/users/store.ts';
import { usage } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { notificationFields } from './fields.ts';

export const read = defineCommand({
  effect: 'write',
  roles: ['cron', 'operator'],
  phase: 3,
  args: { notification: optional(identifier('NOTIFICATION', 'one notification')) },
  flags: {
    user: optional(parsed(userId, 'USER', 'with --all: every notification of this user')),
    system: toggle('with --all: every system-wide notification'),
    all: toggle('every unread notification'),
  },
  fields: { read: { type: 'integer' }, ...optionalFields(notificationFields) },
  examples: ['notification read ntf_01', 'notification read --user trader_001 --all'],
  details: `Marking a notification that is already read changes nothing and ends 0. System-wide notifications are read once for
everyone, so --user does not include them. --all alone includes those of every user and the system-wide ones, and needs
--yes.`,
  async run({ notification, user, system, all }, ctx: Context) {
    if (user !== undefined && system) throw usage('--user and --system exclude each other.');
    if (notification !== undefined && (all || system || user !== undefined))
      throw usage('Name one notification or describe many, not both.');
    if (notification !== undefined) return readOne(notification, ctx);
    if (!all) throw usage('Say what to mark: one notification by its id, or many with --all.');
    return readMany({ user, system }, ctx);
  },
});

function readOne(id: string, ctx: Context) {
  return ctx.change(async (trx) => {
    const [marked] = await mark(trx, ctx)
      .where('notification_id', '=', id)
      .returning(NOTIFICATION_COLUMNS)
      .execute();
    if (!marked) return { result: { read: 0, ...(await findNotification(trx.db, id)) }, audit: null };
    trx.touch('read', [id]);
    return { result: { read: 1, ...marked }, audit: { target: `notification ${id}`, body: { read: 1 } } };
  });
}

interface Scope {
  user: UserId | undefined;
  system: boolean;
}

async function readMany({ user, system }: Scope, ctx: Context) {
  if (user === undefined && !system) {
    const unread = await countUnread(ctx);
    if (unread > 0) await ctx.confirm(`This marks ${pluralize(unread, 'notification')} of everyone as read.`);
  }
  return ctx.change(async (trx) => {
    if (user !== undefined) await findUser(trx.db, user);
    let marking = mark(trx, ctx);
    if (user !== undefined) marking = marking.where('user_id', '=', user);
    if (system) marking = marking.where('user_id', 'is', null);
    const marked = await marking.returning('notification_id').execute();
    trx.touch(
      'read',
      marked.map(({ notification_id }) => notification_id),
    );
    const done = { read: marked.length };
    const target = user === undefined ? 'notifications' : `user ${user}`;
    return { result: done, audit: done.read > 0 ? { target, body: { ...done, system } } : null };
  });
}

/** The statement that marks unread notifications as read now; the caller adds the condition. */
function mark(trx: Trx, ctx: Context) {
  return trx.db
    .updateTable('notifications')
    .set({ read_at: instant(ctx.now()) })
    .where('read_at', 'is', null);
}

async function countUnread(ctx: Context): Promise<number> {
  const db = await ctx.db();
  const { unread } = await db
    .selectFrom('notifications')
    .select((eb) => eb.fn.countAll().as('unread'))
    .where('read_at', 'is', null)
    .executeTakeFirstOrThrow();
  return Number(unread);
}
