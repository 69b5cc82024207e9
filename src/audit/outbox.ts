import { type Kysely, sql } from 'kysely';
import type { Instant } from '../domain/instant.ts';
import type { Database } from '../platform/postgres/tables.ts';
import { unnest } from '../platform/postgres/unnest.ts';

/**
 * What of a change has to reach Redis: an order, a new notification, one that was only marked as read, that all
 * sessions of a user end, or that one does (`user:session`).
 */
export type ProjectionKind = 'order' | 'notification' | 'read' | 'logout' | 'revoke';

/** Something that was changed and is not in Redis yet. `at` is when, in UTC. */
export interface Pending {
  id: string;
  kind: ProjectionKind;
  key: string;
  at: Instant;
}

/** What a transaction has touched so far, each thing once. */
export type Touched = Map<ProjectionKind, Set<string>>;

/** Writes what a transaction touched into the outbox, within it; gives what has to be projected once it is committed. */
export async function writeOutbox(trx: Kysely<Database>, touched: Touched): Promise<Pending[]> {
  const entries = [...touched].flatMap(([kind, keys]) => [...keys].map((key) => ({ kind, key })));
  if (entries.length === 0) return [];
  const { rows } = await sql<Pending>`
    INSERT INTO realtime_outbox (kind, key)
    SELECT kind, key FROM ${unnest('t', { kind: 'text', key: 'text' }, entries)}
    RETURNING id, kind, key, at`.execute(trx);
  return rows;
}

/** The oldest of what waits. */
export async function oldestPending(db: Kysely<Database>, limit: number): Promise<Pending[]> {
  const { rows } = await sql<Pending>`
    SELECT id, kind, key, at FROM realtime_outbox ORDER BY id LIMIT ${limit}`.execute(db);
  return rows;
}

/** How much waits, and since when. */
export async function countPending(
  db: Kysely<Database>,
): Promise<{ pending: number; oldest: Instant | null }> {
  const { pending, oldest } = await db
    .selectFrom('realtime_outbox')
    .select((eb) => [eb.fn.countAll().as('pending'), eb.fn.min('at').as('oldest')])
    .executeTakeFirstOrThrow();
  return { pending: Number(pending), oldest };
}

/** Takes what is projected out of the outbox. */
export async function deleteOutbox(db: Kysely<Database>, entries: readonly Pending[]): Promise<void> {
  await db
    .deleteFrom('realtime_outbox')
    .where('id', '=', (eb) => eb.fn.any(eb.val(entries.map(({ id }) => id))))
    .execute();
}
