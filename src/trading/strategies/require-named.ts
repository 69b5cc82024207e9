import type { Kysely } from 'kysely';
import type { OrderId, StrategyId, UserId } from '../../domain/id.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { findOrder } from '../ledger/order-store.ts';
import { findUser } from '../users/store.ts';
import { findStrategy } from './store.ts';

/** Throws USER_NOT_FOUND, STRATEGY_NOT_FOUND or ORDER_NOT_FOUND (exit 3) if a filter names what does not exist. */
export async function requireNamed(
  db: Kysely<Database>,
  {
    user,
    strategy,
    order,
  }: { user?: UserId | undefined; strategy?: StrategyId | undefined; order?: OrderId | undefined },
): Promise<void> {
  if (user !== undefined) await findUser(db, user);
  if (strategy !== undefined) await findStrategy(db, strategy);
  if (order !== undefined) await findOrder(db, order);
}
