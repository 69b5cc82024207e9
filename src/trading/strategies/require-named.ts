import type { Kysely } from 'kysely';
import type { OrderId, StrategyId, UserId } from '../../domain/id.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { findOrder } from '../ledger/order-store.ts';
import { findUser } from '../users/store.ts';
import { findStrategy } from './store.ts';

/** Ids that filters name, one or several of each. */
export interface Named {
  user?: UserId | readonly UserId[] | undefined;
  strategy?: StrategyId | readonly StrategyId[] | undefined;
  order?: OrderId | readonly OrderId[] | undefined;
}

/** Throws USER_NOT_FOUND, STRATEGY_NOT_FOUND or ORDER_NOT_FOUND (exit 3) if a filter names what does not exist. */
export async function requireNamed(
  db: Kysely<Database>,
  { user = [], strategy = [], order = [] }: Named,
): Promise<void> {
  for (const one of [user].flat()) await findUser(db, one);
  for (const one of [strategy].flat()) await findStrategy(db, one);
  for (const one of [order].flat()) await findOrder(db, one);
}

/** The same where there are several of a kind: rows of one would hide that another is misspelt. */
export async function requireSeveral(db: Kysely<Database>, named: Named): Promise<void> {
  if (Object.values(named).some((names) => Array.isArray(names) && names.length > 1))
    await requireNamed(db, named);
}
