import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Instant } from '../../domain/instant.ts';
import { Failure } from '../../util/failure.ts';
import { type LockOptions, lockFile } from '../files/lock-file.ts';
import type { Connection } from './connect.ts';

/** A lock that keeps a job from running twice; or, in words, who holds it. */
export type JobLock = { release: () => Promise<void> } | { holder: string };

/**
 * An advisory lock on a server, held by a transaction in a session of its own, so that it also holds through PgBouncer in
 * transaction mode. The transaction reads and writes nothing, so neither vacuum nor sealing waits for it.
 */
export async function lockJobOnServer(connection: Connection, name: string): Promise<JobLock> {
  const trx = await connection.kysely.startTransaction().execute();
  const end = async () => {
    await trx
      .rollback()
      .execute()
      .catch(() => {});
  };
  try {
    await sql`SET LOCAL idle_in_transaction_session_timeout = 0`.execute(trx);
    const { rows } = await sql<{ taken: boolean; since: Instant | null }>`
      WITH job AS (SELECT hashtextextended(${name}, 0) AS key)
      SELECT pg_try_advisory_xact_lock(key) AS taken, (
        SELECT date_trunc('second', min(a.xact_start) AT TIME ZONE 'UTC')
        FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
        WHERE l.locktype = 'advisory' AND l.granted AND l.pid <> pg_backend_pid()
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND (l.classid::bigint << 32) | l.objid::bigint = key
      ) AS since FROM job`.execute(trx);
    const [row] = rows;
    if (row?.taken) return { release: end };
    await end();
    return { holder: row?.since ? `, since ${row.since}` : '' };
  } catch (error) {
    await end();
    throw error;
  }
}

/** A lock file beside the folder of the embedded database. */
export async function lockJobInFolder(
  dir: string,
  name: string,
  options: Omit<LockOptions, 'timeoutMs'>,
): Promise<JobLock> {
  const path = `${dir}.${createHash('sha256').update(name).digest('hex').slice(0, 16)}.job`;
  try {
    return { release: await lockFile(path, name, { ...options, timeoutMs: 0 }) };
  } catch (error) {
    if (!(error instanceof Failure && error.kind === 'busy')) throw error;
    return { holder: '' };
  }
}
