import { type Kysely, sql } from 'kysely';
import type { Database } from '../db/schema.ts';

/** What one sealing after a write takes at most, so that no command pays for a backlog. */
const FEW = 100;

/**
 * Seals what a change has just written, if nobody else is at it. Not worth waiting for the disk: a seal that is lost
 * with a power failure is made again, and nothing is signed before a seal that is.
 */
export async function sealSome(db: Kysely<Database>): Promise<void> {
  await sql`SELECT set_config('synchronous_commit', 'off', true), audit_seal(${FEW}, false)`.execute(db);
}

/** Seals up to `limit` entries, after whoever is sealing now; gives how many there were. */
export async function sealMany(db: Kysely<Database>, limit: number): Promise<number> {
  const { rows } = await sql<{ sealed: number }>`SELECT audit_seal(${limit}, true) AS sealed`.execute(db);
  return rows[0]?.sealed ?? 0;
}
