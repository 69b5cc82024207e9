import type { Kysely } from 'kysely';
import type { Context } from '../../context.ts';
import type { StrategyId, UserId } from '../../domain/id.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { Failure, refused } from '../../util/failure.ts';
import { rowsOf } from '../rows-of.ts';

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

const strategies = rowsOf('strategies', STRATEGY_COLUMNS, 'strategy', 'See: pinnacle strategy list');

export const findStrategy = strategies.find;
export const lockStrategy = strategies.lock;
/** Lock the user first. */
export const lockStrategyShared = strategies.lockShared;

/** Throws before phase 2, which creates `user_strategies`. */
export async function requireActivations(ctx: Context): Promise<void> {
  if ((await ctx.phase()) < 2)
    throw refused(
      'PHASE_NEEDED',
      '--user needs phase 2 of the schema: before it, users do not activate strategies.',
      'Run: pinnacle migrate up',
    );
}

/** The row of a user's strategy, if it was ever activated. */
export async function findActivation(db: Kysely<Database>, userId: UserId, strategyId: StrategyId) {
  return db
    .selectFrom('user_strategies')
    .select(ACTIVATION_COLUMNS)
    .where('user_id', '=', userId)
    .where('strategy_id', '=', strategyId)
    .executeTakeFirst();
}

export type Activation = NonNullable<Awaited<ReturnType<typeof findActivation>>>;

/** The user never activated the strategy: exit 3, with the command that does. */
export function notActivated(userId: UserId, strategyId: StrategyId): Failure {
  return new Failure(
    'notFound',
    'ACTIVATION_NOT_FOUND',
    `${userId} has not activated the strategy ${strategyId}.`,
    { hint: `Run: pinnacle strategy activate ${strategyId} --user ${userId}` },
  );
}
