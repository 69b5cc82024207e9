import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import { commit } from '../../audit/change.ts';
import type { Context } from '../../context.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Connection } from '../../platform/postgres/connect.ts';
import { execute } from '../../platform/postgres/execute-sql.ts';
import { refuseOldServer } from '../../platform/postgres/refuse-old-server.ts';
import { PATIENT_LOCKS, setLockTimeout } from '../../platform/postgres/retry-under-locks.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { formatDuration } from '../../util/duration.ts';
import { Failure } from '../../util/failure.ts';

/** One session that holds the rollout lock. */
export interface Session {
  connection: Connection;
  /** Bound to one server session, so that settings and locks hold from one statement to the next. */
  db: Kysely<Database>;
}

// 'pinnacle' in ASCII: one rollout per database at a time.
const LOCK = { high: 0x70696e6e, low: 0x61636c65 };
const LOCK_KEY = ((BigInt(LOCK.high) << 32n) | BigInt(LOCK.low)).toString();
const LOCK_POLL_MS = 250;

/** The sessions that hold the rollout lock. */
const lockHolders = sql`
  SELECT a.pid, a.application_name AS program, a.usename AS role,
    date_trunc('second', a.backend_start AT TIME ZONE 'UTC') AS since
  FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
  WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
    AND l.classid = ${LOCK.high}::oid AND l.objid = ${LOCK.low}::oid
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

/**
 * Works under the rollout lock, after waiting up to `lockWait` ms for another rollout. Throws ROLLOUT_RUNNING (exit 10), and
 * SERVER_TOO_OLD or ENGINE_UNSAFE (exit 78).
 */
export async function withSession<T>(
  ctx: Context,
  lockWait: number,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const connection = await ctx.migrationConnection();
  return connection.kysely.connection().execute(async (db) => {
    await refuseOldServer(db);
    await takeLock(ctx, db, lockWait);
    if (connection.kind === 'server') await assertLocked(db);
    try {
      return await work({ connection, db });
    } finally {
      // After a lost connection the server has released it with the session.
      await sql`SELECT pg_advisory_unlock(${LOCK_KEY}::bigint)`.execute(db).catch(() => {});
    }
  });
}

async function takeLock(ctx: Context, db: Kysely<Database>, lockWait: number): Promise<void> {
  const deadline = performance.now() + lockWait;
  let waiting = false;
  while (!(await tryLock(db))) {
    if (performance.now() >= deadline)
      throw new Failure(
        'busy',
        'ROLLOUT_RUNNING',
        `Another rollout is running on this database: ${await holderOf(db)}.`,
        {
          hint: 'Nothing was changed. Try again when it has ended, or wait longer with --lock-wait.',
          retryable: true,
        },
      );
    if (!waiting)
      await ctx.io.say(
        `Another rollout is running: ${await holderOf(db)}. Waiting up to ${formatDuration(lockWait)}.`,
      );
    waiting = true;
    await sleep(LOCK_POLL_MS, undefined, { signal: ctx.signal });
  }
}

async function tryLock(db: Kysely<Database>): Promise<boolean> {
  const { rows } = await sql<{
    got: boolean;
  }>`SELECT pg_try_advisory_lock(${LOCK_KEY}::bigint) AS got`.execute(db);
  return rows[0]?.got === true;
}

/** Throws ENGINE_UNSAFE (exit 78) where a server answers the lock of this session without holding it. */
async function assertLocked(db: Kysely<Database>): Promise<void> {
  const { rows } = await sql`${lockHolders} AND l.pid = pg_backend_pid()`.execute(db);
  if (rows.length > 0) return;
  throw new Failure('config', 'ENGINE_UNSAFE', 'The advisory locks of this server do not lock.', {
    hint: 'Two rollouts could run at once. Connect to PostgreSQL itself, not to a program that speaks its protocol. See: pinnacle doctor engine',
  });
}

interface Holder {
  pid: number;
  program: string | null;
  role: string | null;
  since: Instant | null;
}

async function holderOf(db: Kysely<Database>): Promise<string> {
  const { rows } = await sql<Holder>`${lockHolders}`.execute(db);
  const [holder] = rows;
  if (!holder) return 'it has just ended';
  // The start time of other roles' sessions is hidden from an ordinary role.
  const since = holder.since ? `, connected since ${holder.since}` : '';
  return `${holder.program || 'a program without a name'} (server process ${holder.pid}, role ${holder.role}${since})`;
}

/** Runs one transaction of a rollout: commits it, or rolls it back in a dry run and on a failure, which is rethrown. */
export async function inTransaction<T>(
  ctx: Context,
  { connection, db }: Session,
  work: () => Promise<T>,
): Promise<T> {
  ctx.signal.throwIfAborted();
  await execute(db, 'BEGIN');
  let result: T;
  let txid: string | undefined;
  try {
    await setLockTimeout(db, PATIENT_LOCKS);
    await execute(db, 'SET LOCAL statement_timeout = 0');
    result = await work();
    const { rows } = await sql<{ txid: string }>`SELECT pg_current_xact_id()::text AS txid`.execute(db);
    txid = rows[0]?.txid;
    ctx.signal.throwIfAborted();
  } catch (error) {
    // After a lost connection the server rolls back by itself.
    await execute(db, 'ROLLBACK').catch(() => {});
    throw error;
  }
  if (ctx.dryRun) await execute(db, 'ROLLBACK');
  else await commit(connection, () => execute(db, 'COMMIT'), txid);
  return result;
}
