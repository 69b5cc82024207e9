import type { PositionStatus, Product } from '../../domain/enums.ts';
import type { StrategyId, UserId } from '../../domain/id.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { BROKER_SINCE_STEP, needStep, type Source } from '../../platform/postgres/schema-phase.ts';
import { productOf } from '../ledger/product.ts';
import { POSITION_COLUMNS, type Position } from './store.ts';

/** Which positions: those of a user, a symbol, a strategy, a product, and in a status. */
export interface Filter {
  user: UserId | undefined;
  symbol: TradingSymbol | undefined;
  strategy: StrategyId | undefined;
  product: Product | undefined;
  status: PositionStatus | 'any';
}

/** The query for the positions that match. Throws PHASE_NEEDED for a product on a schema without products. */
export function matchingPositions(source: Source, { user, symbol, strategy, product, status }: Filter) {
  if (product) needStep(source, BROKER_SINCE_STEP);
  let positions = source.db
    .selectFrom('positions')
    .select(POSITION_COLUMNS)
    .select(productOf(source, 'positions').$castTo<Position['product']>().as('product'));
  if (user) positions = positions.where('user_id', '=', user);
  if (symbol) positions = positions.where('symbol', '=', symbol);
  if (strategy) positions = positions.where('strategy_id', '=', strategy);
  if (product) positions = positions.where('product', '=', product);
  if (status !== 'any') positions = positions.where('status', '=', status);
  return positions;
}
