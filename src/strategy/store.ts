import type { Kysely } from 'kysely';
import { notFound } from '../cli/errors.ts';
import type { Database } from '../db/schema.ts';

export const STRATEGY_COLUMNS = [
  'strategy_id',
  'name',
  'description',
  'category',
  'risk_level',
  'min_capital',
  'expected_return_annual',
  'max_drawdown',
  'symbols',
  'parameters',
  'is_active',
  'created_at',
] as const;

export const ACTIVATION_COLUMNS = [
  'user_id',
  'strategy_id',
  'status',
  'allocation_amount',
  'custom_parameters',
  'total_orders',
  'successful_orders',
  'total_pnl',
  'activated_at',
  'deactivated_at',
] as const;

/** One strategy; throws STRATEGY_NOT_FOUND. */
export async function findStrategy(db: Kysely<Database>, strategyId: string) {
  const strategy = await db
    .selectFrom('strategies')
    .select(STRATEGY_COLUMNS)
    .where('strategy_id', '=', strategyId)
    .executeTakeFirst();
  if (!strategy) throw notFound('strategy', strategyId, 'See: pinnacle strategy list');
  return strategy;
}
