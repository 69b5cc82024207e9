import { choice, optional, parsed, several, type Values, withDefault } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { POSITION_STATUSES, PRODUCTS } from '../../domain/enums.ts';
import { strategyId, userId } from '../../domain/id.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import type { Filter } from '../../trading/positions/matching.ts';
import type { PositionTotals } from '../../trading/positions/weight.ts';

/** The flags that select positions. */
export const positionFilter = {
  user: optional(several(parsed(userId, 'USER', 'positions of this user'))),
  symbol: optional(several(parsed(tradingSymbol, 'SYMBOL', 'positions in this symbol'))),
  strategy: optional(several(parsed(strategyId, 'STRATEGY', 'positions of this strategy'))),
  product: optional(several(choice(PRODUCTS, 'PRODUCT', 'positions of this product'))),
  status: withDefault(
    several(choice([...POSITION_STATUSES, 'any'], 'STATUS', 'open, closed or any positions')),
    'OPEN',
  ),
};

/** What the flags select. */
export function wantedPositions({ status, ...filter }: Values<typeof positionFilter>): Filter {
  const [only = 'any', ...more] = status;
  return { ...filter, status: more.length === 0 ? only : 'any' };
}

/** The query for the positions that are wanted: for a page of them, or for `many`. */
export async function selectPositions(filter: Filter, ctx: Context, { many }: { many: boolean }) {
  const { matchingPositions } = await import('../../trading/positions/matching.ts');
  const schema = many || filter.product ? await ctx.source() : undefined;
  return matchingPositions(await ctx.db(), schema, filter);
}

/** The same as several queries, each of which can follow an index in the order of the list, with weights if they are asked for. */
export async function selectPositionsApart(
  filter: Filter,
  ctx: Context,
  { many, weight }: { many: boolean; weight: boolean },
) {
  const [{ oneEach }, { withWeight }] = await Promise.all([
    import('../../platform/postgres/sorted-rows.ts'),
    import('../../trading/positions/weight.ts'),
  ]);
  const apart = oneEach(filter, ['user']).map(async (each) =>
    withWeight(await selectPositions(each, ctx, { many }), weight),
  );
  return Promise.all(apart);
}

/** What all positions come to that are wanted, where these are few enough to read: the open ones. */
export function totalsOfAll(filter: Filter, ctx: Context): (() => Promise<PositionTotals>) | undefined {
  if (filter.status !== 'OPEN') return undefined;
  return async () => {
    const { totalsOf } = await import('../../trading/positions/weight.ts');
    return totalsOf(await ctx.db(), await selectPositions(filter, ctx, { many: true }));
  };
}
