import { defineCommand } from '../../cli/command.ts';
import { optional, time } from '../../cli/flags.ts';
import { type PageInput, page, pageFlags } from '../../cli/pagination.ts';
import { type Sorts, sortFlags } from '../../cli/sorting.ts';
import type { Context } from '../../context.ts';
import type { Instant } from '../../domain/instant.ts';
import { gainPercent } from '../../domain/position-gain.ts';
import type { Filter } from '../../trading/positions/matching.ts';
import { requireNamed, requireSeveral } from '../../trading/strategies/require-named.ts';
import { usage } from '../../util/failure.ts';
import { sortedPage } from '../_shared/sorted-page.ts';
import { isPrinted } from '../_shared/totals.ts';
import { weighedFields } from './fields.ts';
import { positionFilter, selectPositionsApart, totalsOfAll, wantedPositions } from './filter.ts';
import { withTotals } from './totals.ts';

const SORTS = {
  opened_at: { columns: ['opened_at', 'position_id'], first: 'time' },
  closed_at: { columns: ['closed_at', 'position_id'], first: 'time' },
  unrealized_pnl: { columns: ['unrealized_pnl', 'position_id'], first: 'number' },
} as const satisfies Sorts;

export const list = defineCommand({
  effect: 'read',
  reads: 'replica',
  streams: ({ all }) => all,
  phase: 2,
  args: {},
  flags: {
    ...positionFilter,
    asOf: optional(time('positions at this time, rebuilt from the fills executed by then')),
    ...sortFlags(SORTS),
    ...pageFlags,
  },
  fields: weighedFields,
  madeBy: 'order place',
  examples: [
    'position list --user trader_001',
    'position list --sort unrealized_pnl --reverse --limit 10',
    'position list --status CLOSED --json symbol,realized_pnl',
    'position list --user trader_001 --as-of 2026-01-30T15:30:00+05:30',
  ],
  details: `By closed_at it lists closed positions (--status CLOSED), by unrealized_pnl open ones. A mark that moves a position between two
pages shows it on both or on neither. gain_percent is what is unrealized in percent of the cost, weight the share of the position in
the value of all that its user has open; a terminal also shows the total.`,
  async run(input, ctx: Context) {
    const filter = wantedPositions(input);
    requireSortable(input, filter);
    if (input.asOf !== undefined)
      return listAsOf(await ctx.instant('--as-of', input.asOf), filter, input, ctx);
    const weight = isPrinted(ctx, 'weight');
    const selections = await selectPositionsApart(filter, ctx, { many: input.all, weight });
    const rows = await sortedPage(ctx, input, {
      sorts: SORTS,
      selections:
        input.sort === 'closed_at'
          ? selections.map((closed) => closed.where('closed_at', 'is not', null))
          : selections,
      named: { user: input.user, strategy: input.strategy },
      complete: async (found) => found.map(withGain),
    });
    return withTotals(ctx, rows, input, totalsOfAll(filter, ctx));
  },
});

const withGain = <P extends Parameters<typeof gainPercent>[0]>(position: P) => ({
  ...position,
  gain_percent: gainPercent(position),
});

/** The status without which a position has no such value. */
const STATUS_OF_SORT = { opened_at: undefined, closed_at: 'CLOSED', unrealized_pnl: 'OPEN' } as const;

/** Throws a usage error for an order that what is listed cannot be in. */
function requireSortable(
  { sort, reverse, asOf }: { sort: keyof typeof SORTS; reverse: boolean; asOf: string | undefined },
  { status }: Filter,
): void {
  const needed = STATUS_OF_SORT[sort];
  if (asOf !== undefined && (needed !== undefined || reverse))
    throw usage('--as-of lists the latest opened first; it takes neither --sort nor --reverse.');
  if (needed !== undefined && status !== needed)
    throw usage(`--sort ${sort} needs --status ${needed}.`, 'Other positions have no such value.');
}

async function listAsOf(at: Instant, filter: Filter, input: PageInput, ctx: Context) {
  const [{ checkMoment, positionsAsOf }, source] = await Promise.all([
    import('../../trading/positions/as-of.ts'),
    ctx.source(),
  ]);
  const named = { user: filter.user, strategy: filter.strategy };
  await requireSeveral(source.db, named);
  await checkMoment(source.db, filter.user, at, ctx.now());
  return page(
    input,
    ctx.io,
    async (limit, after) => (await positionsAsOf(source, filter, at, limit, after)).map(withGain),
    (position) => [position.opened_at, position.position_id],
    async () => requireNamed(source.db, named),
  );
}
