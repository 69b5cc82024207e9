import { choice, optional, parsed, type Values, withDefault } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { POSITION_STATUSES } from '../../domain/enums.ts';
import { strategyId, userId } from '../../domain/id.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import { POSITION_COLUMNS } from '../../trading/positions/store.ts';

/** The flags that select positions. */
export const positionFilter = {
  user: optional(parsed(userId, 'USER', 'positions of this user')),
  symbol: optional(parsed(tradingSymbol, 'SYMBOL', 'positions in this symbol')),
  strategy: optional(parsed(strategyId, 'STRATEGY', 'positions of this strategy')),
  status: withDefault(
    choice([...POSITION_STATUSES, 'any'], 'STATUS', 'open, closed or any positions'),
    'OPEN',
  ),
};

/** The query for the positions that match the flags. */
export async function selectPositions(filter: Values<typeof positionFilter>, ctx: Context) {
  const { user, symbol, strategy, status } = filter;
  let positions = (await ctx.db()).selectFrom('positions').select(POSITION_COLUMNS);
  if (user) positions = positions.where('user_id', '=', user);
  if (symbol) positions = positions.where('symbol', '=', symbol);
  if (strategy) positions = positions.where('strategy_id', '=', strategy);
  if (status !== 'any') positions = positions.where('status', '=', status);
  return positions;
}
