import { type Kysely, sql } from 'kysely';
import type { Instant } from '../../domain/instant.ts';
import type { Database } from './tables.ts';

/** The time by the clock of the database, UTC. Inside a transaction it goes on. */
export async function serverNow(db: Kysely<Database>): Promise<Instant> {
  const { rows } = await sql<{ at: Instant }>`SELECT clock_timestamp()::timestamp AS at`.execute(db);
  const [row] = rows;
  if (!row) throw new Error('a statement without FROM gives one row');
  return row.at;
}
