import { defineCommand } from '../../cli/command.ts';
import { pageFlags } from '../../cli/pagination.ts';
import { type Sorts, sortFlags } from '../../cli/sorting.ts';
import type { Context } from '../../context.ts';
import { sortedPage } from '../_shared/sorted-page.ts';
import { sparklineFlag, trendFields, withTrends } from '../_shared/sparkline.ts';
import { sessionFields } from './fields.ts';
import { selectSessions, sessionFilter } from './filter.ts';

const SORTS = {
  start_time: { columns: ['start_time', 'session_id'], first: 'time' },
  end_time: { columns: ['end_time', 'session_id'], first: 'time' },
} as const satisfies Sorts;

export const list = defineCommand({
  effect: 'read',
  reads: 'replica',
  streams: ({ all }) => all,
  phase: 3,
  args: {},
  flags: {
    ...sessionFilter,
    ...sparklineFlag('from start to end'),
    ...sortFlags(SORTS),
    ...pageFlags,
  },
  fields: { ...sessionFields, ...trendFields },
  madeBy: 'session start',
  examples: ['session list --status ACTIVE', 'session list --user trader_001 --since 7d --json'],
  details: 'By end_time it lists sessions that ended.',
  async run(input, ctx: Context) {
    const { oneEach } = await import('../../platform/postgres/sorted-rows.ts');
    const apart = oneEach(input, ['user', 'status']);
    const selections = await Promise.all(apart.map((each) => selectSessions(each, ctx)));
    return sortedPage(ctx, input, {
      sorts: SORTS,
      selections:
        input.sort === 'end_time'
          ? selections.map((ended) => ended.where('status', '<>', 'ACTIVE').where('end_time', 'is not', null))
          : selections,
      named: { user: input.user },
      complete: (rows) =>
        withTrends(
          ctx,
          rows,
          { sparkline: input.sparkline },
          'user_id',
          ({ user_id, start_time, end_time }) => ({
            id: user_id,
            since: start_time,
            until: end_time ?? ctx.now().toISOString(),
          }),
        ),
    });
  },
});
