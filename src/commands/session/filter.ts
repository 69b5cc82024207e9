import { choice, optional, parsed, several, time, type Values } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { SESSION_STATUSES } from '../../domain/enums.ts';
import { userId } from '../../domain/id.ts';
import { SESSION_COLUMNS } from '../../trading/sessions/store.ts';

/** The flags that select sessions. */
export const sessionFilter = {
  user: optional(several(parsed(userId, 'USER', 'sessions of this user'))),
  status: optional(several(choice(SESSION_STATUSES, 'STATUS', 'sessions in this status'))),
  since: optional(time('sessions started at this time or later')),
  until: optional(time('sessions started before this time')),
};

/** The query for the sessions that match the flags. */
export async function selectSessions(filter: Values<typeof sessionFilter>, ctx: Context) {
  const { user, status } = filter;
  const since = filter.since && (await ctx.instant('--since', filter.since));
  const until = filter.until && (await ctx.instant('--until', filter.until));
  let sessions = (await ctx.db()).selectFrom('trading_sessions').select(SESSION_COLUMNS);
  if (user) sessions = sessions.where('user_id', 'in', user);
  if (status) sessions = sessions.where('status', 'in', status);
  if (since) sessions = sessions.where('start_time', '>=', since);
  if (until) sessions = sessions.where('start_time', '<', until);
  return sessions;
}
