import type { Kysely } from 'kysely';
import type { Database } from '../platform/postgres/tables.ts';
import { type AuditEntry, type Origin, writeAudits } from './log.ts';
import { furtherListed } from './outcome.ts';

/**
 * Lists in further entries the orders that a bulk cancel leaves out of its own: what becomes of an order whose late fill is taken
 * back is read there.
 */
export async function writeFurtherOrders(
  db: Kysely<Database>,
  origin: Origin,
  { target, body }: AuditEntry,
  cancelled: readonly string[],
): Promise<void> {
  const entries = furtherListed(cancelled).map((order_ids) => ({ target, body: { ...body, order_ids } }));
  if (entries.length > 0) await writeAudits(db, origin, entries);
}
