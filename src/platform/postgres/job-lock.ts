import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Instant } from '../../domain/instant.ts';
import { Failure } from '../../util/failure.ts';
import { type LockOptions, lockFile } from '../files/lock-file.ts';
import type { Connection } from './connect.ts';

/** A lock that keeps a job from running twice; or, in words, who holds it. */
export type JobLock = { release: () => Promise<void> } | { holder: string };

interface Holder {
  pid: number;
  role: string;
  since: Instant | null;
  is_stranger: boolean | null;
}

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
    // Any login can take any advisory lock: one of a login that may not change what this one may is no run of the job.
    const { rows } = await sql<{ taken: boolean } & Partial<Holder>>`
      WITH job AS (SELECT hashtextextended(${name}, 0) AS key)
      SELECT pg_try_advisory_xact_lock(key) AS taken, holder.* FROM job LEFT JOIN LATERAL (
        SELECT a.pid, a.usename::text AS role, date_trunc('second', a.xact_start AT TIME ZONE 'UTC') AS since,
          has_any_column_privilege(a.usesysid, to_regclass('audit_log'), 'INSERT')
            < has_any_column_privilege(to_regclass('audit_log'), 'INSERT') AS is_stranger
        FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
        WHERE l.locktype = 'advisory' AND l.granted AND l.pid <> pg_backend_pid()
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND (l.classid::bigint << 32) | l.objid::bigint = key
        LIMIT 1
      ) AS holder ON true`.execute(trx);
    const [row] = rows;
    if (row?.taken) return { release: end };
    await end();
    if (row?.is_stranger)
      throw new Failure(
        'busy',
        'JOB_LOCK_TAKEN',
        `The lock of this job is held by server process ${row.pid} of ${row.role}, who may not run it.`,
        { hint: `End that session: SELECT pg_terminate_backend(${row.pid})`, retryable: true },
      );
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
