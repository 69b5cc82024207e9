import type { Kysely } from 'kysely';
import type { StrategyId, UserId } from '../../domain/id.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { findUser } from '../users/store.ts';
import { findStrategy } from './store.ts';

/** Throws USER_NOT_FOUND or STRATEGY_NOT_FOUND (exit 3) if a filter names what does not exist. */
export async function requireNamed(
  db: Kysely<Database>,
  { user, strategy }: { user?: UserId | undefined; strategy?: StrategyId | undefined },
): Promise<void> {
  if (user !== undefined) await findUser(db, user);
  if (strategy !== undefined) await findStrategy(db, strategy);
}
