import { type Kysely, sql } from 'kysely';
import type { Instant } from '../domain/instant.ts';
import type { Database } from '../platform/postgres/tables.ts';
import type { Signed } from './checkpoint.ts';
import type { Link } from './seal-chain.ts';

/** SQL of the hashed form of an entry's time. */
const AT = sql<string>`to_char(l.at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** Up to `limit` seals after `seq`, in chain order, with their entries. */
export async function readLinks(db: Kysely<Database>, seq: string, limit: number): Promise<Link[]> {
  const { rows } = await sql<Link>`
    SELECT s.seq, s.audit_id, s.txid, s.cluster, s.hash, CASE WHEN l.id IS NOT NULL THEN
      json_build_array(l.id::text, l.txid::text, ${AT}, l.actor, l.command, l.target, l.body)::text END AS content
    FROM audit_seals s LEFT JOIN audit_log l ON l.id = s.audit_id
    WHERE s.seq > ${seq} ORDER BY s.seq LIMIT ${limit}`.execute(db);
  return rows;
}

/** The system identifier of the database's cluster; a restore changes it. */
export async function readCluster(db: Kysely<Database>): Promise<string> {
  const { rows } = await sql<{ cluster: string }>`
    SELECT system_identifier::text AS cluster FROM pg_control_system()`.execute(db);
  return rows[0]?.cluster ?? '';
}

/** Entries without a seal: how many, the time of the oldest, and its age in milliseconds by the clock of the database. */
export interface Unsealed {
  count: number;
  since: Instant | null;
  ageMs: number;
}

export async function readUnsealed(db: Kysely<Database>): Promise<Unsealed> {
  const { rows } = await sql<{ n: string; since: Instant | null; age: number | null }>`
    SELECT count(*) AS n, min(l.at) AS since,
      (extract(epoch FROM clock_timestamp() - min(l.at) AT TIME ZONE 'UTC') * 1000)::float8 AS age
    FROM audit_log l
    WHERE NOT EXISTS (SELECT FROM audit_seals s WHERE s.audit_id = l.id)`.execute(db);
  return { count: Number(rows[0]?.n ?? 0), since: rows[0]?.since ?? null, ageMs: rows[0]?.age ?? 0 };
}

/** Entries behind the end of the chain, which wait for their seals: as above, but in time that the length of the log does not matter to. */
export async function readUnsealedEnd(
  db: Kysely<Database>,
): Promise<{ count: number; since: Instant | null }> {
  const { rows } = await sql<{ count: number; since: Instant | null }>`
    SELECT count(*)::int AS count, min(l.at) AS since FROM audit_log l
    WHERE (l.txid, l.id) > (
      coalesce((SELECT txid FROM audit_seals ORDER BY seq DESC LIMIT 1), '0'::xid8),
      coalesce((SELECT audit_id FROM audit_seals ORDER BY seq DESC LIMIT 1), 0))`.execute(db);
  return rows[0] ?? { count: 0, since: null };
}

/** The session whose transaction is the oldest that has changed something: nothing after it can be sealed. */
export async function oldestTransaction(db: Kysely<Database>): Promise<string | undefined> {
  const { rows } = await sql<{ pid: number; role: string | null }>`
    SELECT l.pid, a.usename::text AS role FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'transactionid' AND l.granted AND l.mode = 'ExclusiveLock' AND l.pid <> pg_backend_pid()
    ORDER BY age(l.transactionid) DESC LIMIT 1`.execute(db);
  const [oldest] = rows;
  return oldest && `server process ${oldest.pid} of ${oldest.role}`;
}

/**
 * Entries without a seal that precede the last sealed one, or claim a future transaction. No entry of this cluster
 * can: sealing proceeds in order and waits for open transactions.
 */
export async function readInserted(db: Kysely<Database>, last: Link): Promise<{ id: string }[]> {
  const { rows } = await sql<{ id: string }>`
    SELECT l.id FROM audit_log l
    WHERE NOT EXISTS (SELECT FROM audit_seals s WHERE s.audit_id = l.id)
      AND ((l.txid, l.id) <= (${last.txid}::xid8, ${last.audit_id}::bigint)
        OR l.txid >= pg_snapshot_xmax(pg_current_snapshot()))
    ORDER BY l.id`.execute(db);
  return rows;
}

/** The end of the chain; nulls if it is empty. */
export async function lastSeal(db: Kysely<Database>) {
  const none = { seq: null, audit_id: null, txid: null, cluster: null, hash: null };
  const last = await db
    .selectFrom('audit_seals')
    .select(['seq', 'audit_id', 'txid', 'cluster', 'hash'])
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last ?? none;
}

/** The checkpoints of one seal in the database. */
export async function checkpointsOf(db: Kysely<Database>, seq: string): Promise<Signed[]> {
  return db
    .selectFrom('audit_checkpoints')
    .select(['body', 'key_id', 'signature'])
    .where('seq', '=', seq)
    .execute();
}

/** The checkpoints in the database after `seq`, in order. */
export async function readCheckpoints(db: Kysely<Database>, seq: string): Promise<Signed[]> {
  return db
    .selectFrom('audit_checkpoints')
    .select(['body', 'key_id', 'signature'])
    .where('seq', '>', seq)
    .orderBy('seq')
    .execute();
}

/** Every entry with its seal, ordered by id. */
export function everyEntry(db: Kysely<Database>) {
  return db
    .selectFrom('audit_log as l')
    .leftJoin('audit_seals as s', 's.audit_id', 'l.id')
    .select(['l.id', 'l.txid', AT.as('at'), 'l.actor', 'l.command', 'l.target', 'l.body'])
    .select(['s.seq', 's.cluster', 's.hash'])
    .orderBy('l.id');
}

/** The most entries that are sealed after a write, so that no command pays for a backlog. */
const BATCH_ENTRIES = 100;
/**
 * Seals what a change has just written, unless another process is sealing. Does not wait for the disk: a seal lost in a
 * power failure is made again, and nothing is signed before its seals are durable.
 */
export async function sealRecent(db: Kysely<Database>): Promise<void> {
  await sql`SELECT set_config('synchronous_commit', 'off', true), audit_seal(${BATCH_ENTRIES}, false)`.execute(
    db,
  );
}

/** Seals up to `limit` entries, after any process that is sealing now; returns how many it sealed. */
export async function sealAll(db: Kysely<Database>, limit: number): Promise<number> {
  const { rows } = await sql<{ sealed: number }>`SELECT audit_seal(${limit}, true) AS sealed`.execute(db);
  return rows[0]?.sealed ?? 0;
}
