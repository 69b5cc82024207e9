import type { Kysely } from 'kysely';
import type { PositionStatus, Product } from '../../domain/enums.ts';
import type { StrategyId, UserId } from '../../domain/id.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { BROKER_SINCE_STEP, needStep, type Schema } from '../../platform/postgres/schema-phase.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { productOf } from '../ledger/product.ts';
import { textOfStep } from '../rows-of.ts';
import { POSITION_COLUMNS, type Position } from './store.ts';

/** Which positions: those of users, symbols, strategies and products, and in a status. */
export interface Filter {
  user: readonly UserId[] | undefined;
  symbol: readonly TradingSymbol[] | undefined;
  strategy: readonly StrategyId[] | undefined;
  product: readonly Product[] | undefined;
  status: PositionStatus | 'any';
}

/**
 * The query for the positions that match. Without the schema, which costs a round trip to know, it reads their products in
 * a way that suits any schema and a page of rows. Throws PHASE_NEEDED for a product that is asked for on a schema without.
 */
export function matchingPositions(
  db: Kysely<Database>,
  schema: Schema | undefined,
  { user, symbol, strategy, product, status }: Filter,
) {
  if (product && schema) needStep(schema, BROKER_SINCE_STEP);
  let positions = db
    .selectFrom('positions')
    .select(POSITION_COLUMNS)
    .select((eb) =>
      schema
        ? productOf(schema, 'positions').$castTo<Position['product']>().as('product')
        : textOfStep(eb, 'positions', 'product').$castTo<Position['product']>().as('product'),
    );
  if (user) positions = positions.where('user_id', 'in', user);
  if (symbol) positions = positions.where('symbol', 'in', symbol);
  if (strategy) positions = positions.where('strategy_id', 'in', strategy);
  if (product) positions = positions.where('product', 'in', product);
  if (status !== 'any') positions = positions.where('status', '=', status);
  return positions;
}
