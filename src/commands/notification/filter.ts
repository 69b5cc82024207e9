import { choice, optional, parsed, several, time, toggle, type Values } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { ALERT_LEVELS, NOTIFICATION_TYPES } from '../../domain/enums.ts';
import { userId } from '../../domain/id.ts';
import { NOTIFICATION_COLUMNS } from '../../trading/notifications/store.ts';
import { usage } from '../../util/failure.ts';

/** The flags that select notifications. */
export const notificationFilter = {
  user: optional(several(parsed(userId, 'USER', 'notifications for this user, including system-wide ones'))),
  system: toggle('system-wide ones only'),
  unread: toggle('unread ones only'),
  type: optional(several(choice(NOTIFICATION_TYPES, 'TYPE', 'of this type'))),
  level: optional(choice(ALERT_LEVELS, 'LEVEL', 'of this level and above')),
  since: optional(time('created at this time or later')),
  until: optional(time('created before this time')),
};

/** The queries for the notifications that match the flags; with --user one for each user's and one for the system-wide. */
export async function selectNotifications(filter: Values<typeof notificationFilter>, ctx: Context) {
  const { user, system, unread, type, level } = filter;
  if (user !== undefined && system)
    throw usage('--user and --system exclude each other.', '--user includes the system-wide ones.');
  const since = filter.since && (await ctx.instant('--since', filter.since));
  const until = filter.until && (await ctx.instant('--until', filter.until));
  let found = (await ctx.db()).selectFrom('notifications').select(NOTIFICATION_COLUMNS);
  if (system) found = found.where('user_id', 'is', null);
  if (unread) found = found.where('read_at', 'is', null);
  if (type) found = found.where('notification_type', 'in', type);
  if (level) found = found.where('alert_level', '>=', level);
  if (since) found = found.where('created_at', '>=', since);
  if (until) found = found.where('created_at', '<', until);
  // Several queries, because each can follow an index; a single condition with OR would sort the whole table.
  return user === undefined
    ? [found]
    : [...user.map((one) => found.where('user_id', '=', one)), found.where('user_id', 'is', null)];
}
