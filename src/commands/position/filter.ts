import { choice, optional, parsed, type Values, withDefault } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { POSITION_STATUSES, PRODUCTS } from '../../domain/enums.ts';
import { strategyId, userId } from '../../domain/id.ts';
import { tradingSymbol } from '../../domain/symbol.ts';

/** The flags that select positions. */
export const positionFilter = {
  user: optional(parsed(userId, 'USER', 'positions of this user')),
  symbol: optional(parsed(tradingSymbol, 'SYMBOL', 'positions in this symbol')),
  strategy: optional(parsed(strategyId, 'STRATEGY', 'positions of this strategy')),
  product: optional(choice(PRODUCTS, 'PRODUCT', 'positions of this product')),
  status: withDefault(
    choice([...POSITION_STATUSES, 'any'], 'STATUS', 'open, closed or any positions'),
    'OPEN',
  ),
};

/** The query for the positions that match the flags: for a page of them, or for `many`. */
export async function selectPositions(
  filter: Values<typeof positionFilter>,
  ctx: Context,
  { many }: { many: boolean },
) {
  const { matchingPositions } = await import('../../trading/positions/matching.ts');
  const schema = many || filter.product ? await ctx.source() : undefined;
  return matchingPositions(await ctx.db(), schema, filter);
}
