import { type Kysely, sql } from 'kysely';
import type { Instant } from '../domain/instant.ts';
import type { Database } from '../platform/postgres/tables.ts';
import { unnest } from '../platform/postgres/unnest.ts';

/**
 * The kinds of change that must reach Redis: an order, a new notification, one marked as read, the end of all sessions
 * of a user, or of one (`user:session`).
 */
export type ProjectionKind = 'order' | 'notification' | 'read' | 'logout' | 'revoke';

/** A change that is not in Redis yet. `at` is its time in UTC. */
export interface Pending {
  id: string;
  kind: ProjectionKind;
  key: string;
  at: Instant;
}

/** What a transaction has touched so far, without duplicates. */
export type Touched = Map<ProjectionKind, Set<string>>;

/** Writes what a transaction touched to the outbox, within it; returns the rows to project after its commit. */
export async function writeOutbox(trx: Kysely<Database>, touched: Touched): Promise<Pending[]> {
  const entries = [...touched].flatMap(([kind, keys]) => [...keys].map((key) => ({ kind, key })));
  if (entries.length === 0) return [];
  const { rows } = await sql<Pending>`
    INSERT INTO realtime_outbox (kind, key)
    SELECT kind, key FROM ${unnest('t', { kind: 'text', key: 'text' }, entries)}
    RETURNING id, kind, key, at`.execute(trx);
  return rows;
}

/** The oldest rows of the outbox. */
export async function oldestPending(db: Kysely<Database>, limit: number): Promise<Pending[]> {
  const { rows } = await sql<Pending>`
    SELECT id, kind, key, at FROM realtime_outbox ORDER BY id LIMIT ${limit}`.execute(db);
  return rows;
}

/** The number of rows in the outbox, and the time of the oldest. */
export async function countPending(
  db: Kysely<Database>,
): Promise<{ pending: number; oldest: Instant | null }> {
  const { pending, oldest } = await db
    .selectFrom('realtime_outbox')
    .select((eb) => [eb.fn.countAll().as('pending'), eb.fn.min('at').as('oldest')])
    .executeTakeFirstOrThrow();
  return { pending: Number(pending), oldest };
}

/** Deletes projected rows from the outbox. */
export async function deleteOutbox(db: Kysely<Database>, entries: readonly Pending[]): Promise<void> {
  await db
    .deleteFrom('realtime_outbox')
    .where('id', '=', (eb) => eb.fn.any(eb.val(entries.map(({ id }) => id))))
    .execute();
}
