import { type RawBuilder, sql } from 'kysely';
import type { UserId } from '../../domain/id.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import type { About } from '../ledger/invariant.ts';
import { invariantsOf } from '../ledger/invariants.ts';

/** The user of an offender `t` of an invariant. */
const OWNERS: Readonly<Record<Exclude<About, 'snapshot'>, RawBuilder<unknown>>> = {
  order: sql`SELECT r.user_id FROM found t JOIN orders r ON r.order_id = t.id`,
  fill: sql`SELECT r.user_id FROM found t JOIN order_fills f ON f.fill_id = t.id JOIN orders r ON r.order_id = f.order_id`,
  position: sql`SELECT r.user_id FROM found t JOIN positions r ON r.position_id = t.id`,
  key: sql`SELECT r.user_id FROM found t JOIN positions r ON r.position_id = t.id`,
  user: sql`SELECT t.id FROM found t`,
  sessions: sql`SELECT t.id FROM found t`,
  strategy: sql`SELECT r.user_id FROM found t JOIN user_strategies r ON r.user_id || '/' || r.strategy_id = t.id`,
  flow: sql`SELECT r.user_id FROM found t JOIN cash_flows r ON r.flow_id = t.id`,
  action: sql`SELECT r.user_id FROM found t JOIN corporate_action_effects r ON r.action_id || '/' || r.position_id = t.id`,
  session: sql`SELECT r.user_id FROM found t JOIN trading_sessions r ON r.session_id = t.id`,
};

/** The users whose book an invariant does not explain, by id: each invariant is evaluated once, for everyone. */
export async function findCandidates(source: Source): Promise<UserId[]> {
  const users = new Set<UserId>();
  for (const { about, offenders } of invariantsOf(source)) {
    // Made of the book, and made again.
    if (about === 'snapshot') continue;
    const { rows } = await sql<{ user_id: UserId }>`
      WITH found AS (${offenders(undefined, source)}) SELECT DISTINCT user_id FROM (${OWNERS[about]}) AS o(user_id)`.execute(
      source.db,
    );
    for (const { user_id } of rows) users.add(user_id);
  }
  return [...users].sort();
}
