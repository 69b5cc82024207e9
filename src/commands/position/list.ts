import { defineCommand } from '../../cli/command.ts';
import { optional, time } from '../../cli/flags.ts';
import { page, pageFlags, timeKeyset } from '../../cli/pagination.ts';
import type { Context } from '../../context.ts';
import type { PositionId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Filter } from '../../trading/positions/matching.ts';
import { requireNamed } from '../../trading/strategies/require-named.ts';
import { positionFields } from './fields.ts';
import { positionFilter, selectPositions } from './filter.ts';

export const list = defineCommand({
  effect: 'read',
  reads: 'replica',
  streams: ({ all }) => all,
  phase: 2,
  args: {},
  flags: {
    ...positionFilter,
    asOf: optional(time('positions at this time, rebuilt from the fills executed by then')),
    ...pageFlags,
  },
  fields: positionFields,
  madeBy: 'order place',
  examples: [
    'position list --user trader_001',
    'position list --status CLOSED --json symbol,realized_pnl',
    'position list --user trader_001 --as-of 2026-01-30T15:30:00+05:30',
  ],
  async run(input, ctx: Context) {
    if (input.asOf !== undefined) return listAsOf(await ctx.instant('--as-of', input.asOf), input, ctx);
    const chosen = await selectPositions(input, ctx, { many: input.all });
    return page(
      input,
      ctx.io,
      (limit, after) => {
        let positions = chosen;
        if (after)
          positions = positions.where((eb) =>
            eb(eb.refTuple('opened_at', 'position_id'), '<', eb.tuple(...timeKeyset<PositionId>(after))),
          );
        return positions.orderBy('opened_at', 'desc').orderBy('position_id', 'desc').limit(limit).execute();
      },
      (position) => [position.opened_at, position.position_id],
      async () => requireNamed(await ctx.db(), input),
    );
  },
});

type Input = Filter & Parameters<typeof page>[0];

async function listAsOf(at: Instant, input: Input, ctx: Context) {
  const [{ checkMoment, positionsAsOf }, source] = await Promise.all([
    import('../../trading/positions/as-of.ts'),
    ctx.source(),
  ]);
  await checkMoment(source.db, input.user, at, ctx.now());
  return page(
    input,
    ctx.io,
    (limit, after) => positionsAsOf(source, input, at, limit, after),
    (position) => [position.opened_at, position.position_id],
    async () => requireNamed(source.db, input),
  );
}
