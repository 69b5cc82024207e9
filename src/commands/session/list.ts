import { defineCommand } from '../../cli/command.ts';
import { page, pageFlags, timeKeyset } from '../../cli/pagination.ts';
import type { Context } from '../../context.ts';
import { requireNamed } from '../../trading/strategies/require-named.ts';
import { sparklineFlag, trendFields, withTrends } from '../_shared/sparkline.ts';
import { sessionFields } from './fields.ts';
import { selectSessions, sessionFilter } from './filter.ts';

export const list = defineCommand({
  effect: 'read',
  reads: 'replica',
  streams: ({ all }) => all,
  phase: 3,
  args: {},
  flags: {
    ...sessionFilter,
    ...sparklineFlag('from start to end'),
    ...pageFlags,
  },
  fields: { ...sessionFields, ...trendFields },
  madeBy: 'session start',
  examples: ['session list --status ACTIVE', 'session list --user trader_001 --since 7d --json'],
  async run(input, ctx: Context) {
    const chosen = await selectSessions(input, ctx);
    return page(
      input,
      ctx.io,
      async (limit, after) => {
        let sessions = chosen;
        if (after)
          sessions = sessions.where((eb) =>
            eb(eb.refTuple('start_time', 'session_id'), '<', eb.tuple(...timeKeyset<string>(after))),
          );
        const rows = await sessions
          .orderBy('start_time', 'desc')
          .orderBy('session_id', 'desc')
          .limit(limit)
          .execute();
        return withTrends(ctx, rows, input, 'user_id', ({ user_id, start_time, end_time }) => ({
          id: user_id,
          since: start_time,
          until: end_time ?? ctx.now().toISOString(),
        }));
      },
      (session) => [session.start_time, session.session_id],
      async () => requireNamed(await ctx.db(), input),
    );
  },
});
