import { defineCommand } from '../cli/command.ts';
import { choice, identifier, optional, time } from '../cli/flags.ts';
import { page, pageFlags } from '../cli/page.ts';
import type { Context } from '../context.ts';
import { SESSION_STATUSES } from '../db/schema.ts';
import { sessionFields } from './columns.ts';
import { SESSION_COLUMNS } from './store.ts';

export const list = defineCommand({
  effect: 'read',
  phase: 3,
  args: {},
  flags: {
    user: optional(identifier('USER', 'sessions of this trader')),
    status: optional(choice(SESSION_STATUSES, 'STATUS', 'sessions in this status')),
    since: optional(time('sessions started at this time or later')),
    ...pageFlags,
  },
  fields: sessionFields,
  examples: ['session list --status ACTIVE', 'session list --user trader_001 --since 7d --json'],
  async run(input, ctx: Context) {
    const { user, status } = input;
    const since = input.since && (await ctx.instant('--since', input.since));
    const db = await ctx.db();
    return page(
      input,
      ctx.io,
      (limit, after) => {
        let sessions = db.selectFrom('trading_sessions').select(SESSION_COLUMNS);
        if (user) sessions = sessions.where('user_id', '=', user);
        if (status) sessions = sessions.where('status', '=', status);
        if (since) sessions = sessions.where('start_time', '>=', since);
        if (after)
          sessions = sessions.where((eb) =>
            eb(eb.refTuple('start_time', 'session_id'), '<', eb.tuple(after[0] ?? '', after[1] ?? '')),
          );
        return sessions.orderBy('start_time', 'desc').orderBy('session_id', 'desc').limit(limit).execute();
      },
      (session) => [session.start_time, session.session_id],
    );
  },
});
