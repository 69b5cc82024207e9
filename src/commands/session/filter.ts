import { choice, optional, parsed, time, type Values } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { SESSION_STATUSES } from '../../domain/enums.ts';
import { userId } from '../../domain/id.ts';
import { SESSION_COLUMNS } from '../../trading/sessions/store.ts';

/** The flags that select sessions. */
export const sessionFilter = {
  user: optional(parsed(userId, 'USER', 'sessions of this user')),
  status: optional(choice(SESSION_STATUSES, 'STATUS', 'sessions in this status')),
  since: optional(time('sessions started at this time or later')),
};

/** The query for the sessions that match the flags. */
export async function selectSessions(filter: Values<typeof sessionFilter>, ctx: Context) {
  const { user, status } = filter;
  const since = filter.since && (await ctx.instant('--since', filter.since));
  let sessions = (await ctx.db()).selectFrom('trading_sessions').select(SESSION_COLUMNS);
  if (user) sessions = sessions.where('user_id', '=', user);
  if (status) sessions = sessions.where('status', '=', status);
  if (since) sessions = sessions.where('start_time', '>=', since);
  return sessions;
}
