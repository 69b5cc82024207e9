import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';

const KEYS_LOCK_ID = 7_052_413_001;

/**
 * Keeps every key from being retired until the transaction ends. Taken before the ring is read for encryption, so that
 * the key is still in the ring when what it encrypted is committed.
 */
export async function lockKeysShared(trx: Trx): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock_shared(${KEYS_LOCK_ID}::bigint)`.execute(trx.db);
}

/** Waits until no transaction is encrypting, and lets none begin until this one ends. */
export async function lockKeysExclusive(trx: Trx): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(${KEYS_LOCK_ID}::bigint)`.execute(trx.db);
}
