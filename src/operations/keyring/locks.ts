import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';

const SEALING = 7_052_413_001;

/**
 * Keeps every key from being retired until the transaction ends. Taken before the ring is read for sealing, so that
 * the key is still there when what it sealed is.
 */
export async function holdKeys(trx: Trx): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock_shared(${SEALING}::bigint)`.execute(trx);
}

/** Waits until nobody is sealing anything, and lets nobody begin until the transaction ends. */
export async function stopSealing(trx: Trx): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(${SEALING}::bigint)`.execute(trx);
}
