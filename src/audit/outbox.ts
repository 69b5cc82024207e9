import { type Kysely, sql } from 'kysely';
import type { Instant } from '../domain/instant.ts';
import type { Database } from '../platform/postgres/tables.ts';
import { unnest } from '../platform/postgres/unnest.ts';

/**
 * The kinds of entries, each with the type of its key. A file of projection/kinds adds those it projects by declaration
 * merging: nothing can be touched that nobody projects.
 * @public
 */
export interface OutboxKinds extends Record<never, never> {}

export type OutboxKind = keyof OutboxKinds;

/** An entry: something that changed and is not in Redis yet. `at` is when, in UTC. */
export interface Pending {
  id: string;
  kind: OutboxKind;
  key: string;
  at: Instant;
}

/** The keys that a transaction has touched so far, by kind. */
export type Touched = Map<OutboxKind, Set<string>>;

/** Writes what a transaction touched into the outbox, within it; returns the entries, to be projected after the commit. */
export async function writeOutbox(trx: Kysely<Database>, touched: Touched): Promise<Pending[]> {
  const entries = [...touched].flatMap(([kind, keys]) => [...keys].map((key) => ({ kind, key })));
  if (entries.length === 0) return [];
  const { rows } = await sql<Pending>`
    INSERT INTO realtime_outbox (kind, key)
    SELECT kind, key FROM ${unnest('t', { kind: 'text', key: 'text' }, entries)}
    RETURNING id, kind, key, at`.execute(trx);
  return rows;
}

/** The oldest entries of these kinds. */
export async function oldestPending(
  db: Kysely<Database>,
  kinds: readonly OutboxKind[],
  limit: number,
): Promise<Pending[]> {
  const { rows } = await sql<Pending>`
    SELECT id, kind, key, at FROM realtime_outbox WHERE kind = ANY(${[...kinds]}::text[])
    ORDER BY id LIMIT ${limit}`.execute(db);
  return rows;
}

/** How many entries wait, and since when. */
export async function countPending(
  db: Kysely<Database>,
): Promise<{ pending: number; oldest: Instant | null }> {
  const { pending, oldest } = await db
    .selectFrom('realtime_outbox')
    .select((eb) => [eb.fn.countAll().as('pending'), eb.fn.min('at').as('oldest')])
    .executeTakeFirstOrThrow();
  return { pending: Number(pending), oldest };
}

/** Deletes entries that have been projected. */
export async function deleteOutbox(db: Kysely<Database>, entries: readonly Pending[]): Promise<void> {
  await db
    .deleteFrom('realtime_outbox')
    .where('id', '=', (eb) => eb.fn.any(eb.val(entries.map(({ id }) => id))))
    .execute();
}
