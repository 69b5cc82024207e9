import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';

const KEYS_LOCK_ID = 7_052_413_001;

/**
 * Keeps every key from being retired until the transaction ends. Taken before the ring is read for sealing, so that
 * the key is still there when what it sealed is.
 */
export async function lockKeysShared(trx: Trx): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock_shared(${KEYS_LOCK_ID}::bigint)`.execute(trx.db);
}

/** Waits until nobody is sealing anything, and lets nobody begin until the transaction ends. */
export async function lockKeysExclusive(trx: Trx): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(${KEYS_LOCK_ID}::bigint)`.execute(trx.db);
}
