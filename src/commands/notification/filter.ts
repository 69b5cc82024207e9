import { choice, optional, parsed, time, toggle, type Values } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { ALERT_LEVELS, NOTIFICATION_TYPES } from '../../domain/enums.ts';
import { userId } from '../../domain/id.ts';
import { NOTIFICATION_COLUMNS } from '../../trading/notifications/store.ts';
import { usage } from '../../util/failure.ts';

/** The flags that select notifications. */
export const notificationFilter = {
  user: optional(parsed(userId, 'USER', 'notifications for this user, including system-wide ones')),
  system: toggle('system-wide ones only'),
  unread: toggle('unread ones only'),
  type: optional(choice(NOTIFICATION_TYPES, 'TYPE', 'of this type')),
  level: optional(choice(ALERT_LEVELS, 'LEVEL', 'of this level and above')),
  since: optional(time('created at this time or later')),
};

/** The queries for the notifications that match the flags; with --user one for the user's and one for the system-wide. */
export async function selectNotifications(filter: Values<typeof notificationFilter>, ctx: Context) {
  const { user, system, unread, type, level } = filter;
  if (user !== undefined && system)
    throw usage('--user and --system exclude each other.', '--user includes the system-wide ones.');
  const since = filter.since && (await ctx.instant('--since', filter.since));
  let found = (await ctx.db()).selectFrom('notifications').select(NOTIFICATION_COLUMNS);
  if (system) found = found.where('user_id', 'is', null);
  if (unread) found = found.where('read_at', 'is', null);
  if (type) found = found.where('notification_type', '=', type);
  if (level) found = found.where('alert_level', '>=', level);
  if (since) found = found.where('created_at', '>=', since);
  // Two queries, because each can follow an index; a single condition with OR would sort the whole table.
  return user === undefined
    ? [found]
    : [found.where('user_id', '=', user), found.where('user_id', 'is', null)];
}
