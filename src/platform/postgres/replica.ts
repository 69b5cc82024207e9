import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Connection } from './connect.ts';
import { isDisconnect } from './errors.ts';

/** The state of the primary: every commit it has confirmed so far is before `position`. */
export interface Primary {
  system: string;
  timeline: number;
  position: bigint;
  /** How many replicas stream from it. */
  followers: number;
}

/** The state of a replica. `lag`: milliseconds since the last commit it replayed, null where it has replayed none. */
export interface Replica {
  standby: boolean;
  system: string;
  timeline: number;
  replayed: bigint;
  lag: number | null;
}

const POLL_MS = 5;

/** Reads the state of the primary; throws the error of the server where it is a replica itself. */
export async function readPrimary({ kysely }: Connection): Promise<Primary> {
  // An asynchronous COMMIT is confirmed before it is flushed, but only flushed WAL is sent to replicas.
  const { rows } = await sql<{ system: string; timeline: string; position: string; followers: number }>`
    WITH at AS (
      SELECT CASE current_setting('synchronous_commit') WHEN 'off' THEN pg_current_wal_insert_lsn()
        ELSE pg_current_wal_flush_lsn() END AS lsn)
    SELECT system_identifier::text AS system, left(pg_walfile_name(lsn), 8) AS timeline, (lsn - '0/0')::text AS position,
      (SELECT count(*)::int FROM pg_stat_replication) AS followers
    FROM at, pg_control_system()`.execute(kysely);
  const [found] = rows;
  if (!found) throw new Error('pg_control_system gives one row');
  return {
    system: found.system,
    timeline: Number.parseInt(found.timeline, 16),
    position: BigInt(found.position),
    followers: found.followers,
  };
}

/** Reads the state of a server that is configured as a replica. */
export async function readReplica({ kysely }: Connection): Promise<Replica> {
  // Only pg_monitor sees the timeline that is being received; the control file has it after the next checkpoint.
  const { rows } = await sql<Omit<Replica, 'replayed'> & { replayed: string }>`
    SELECT pg_is_in_recovery() AS standby, s.system_identifier::text AS system,
      greatest(c.timeline_id, r.min_recovery_end_timeline, (SELECT received_tli FROM pg_stat_wal_receiver)) AS timeline,
      coalesce(pg_last_wal_replay_lsn() - '0/0', 0)::text AS replayed,
      (extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::float8 AS lag
    FROM pg_control_system() s, pg_control_checkpoint() c, pg_control_recovery() r`.execute(kysely);
  const [found] = rows;
  if (!found) throw new Error('pg_control_system gives one row');
  return { ...found, replayed: BigInt(found.replayed) };
}

/** Why a server must not answer in place of the primary, whatever its position; undefined where it may. */
export function replicaProblem(replica: Replica, primary: Primary): string | undefined {
  if (replica.system !== primary.system) return 'another cluster';
  if (!replica.standby) return 'promoted: it takes writes of its own';
  // After a failover the old primary may still accept writes, and a replica of the new one may be ahead of it.
  if (replica.timeline !== primary.timeline || primary.followers === 0) return 'follows another primary';
  return undefined;
}

/**
 * The first replica that has, within `wait` ms, replayed everything committed before the call; undefined where none has.
 * Costs one round trip to the primary, while the replicas are being connected and queried.
 */
export async function findReplica(
  primary: Connection,
  replicas: readonly Connection[],
  wait: number,
): Promise<Connection | undefined> {
  const asked = readPrimary(primary);
  const over = new AbortController();
  const caughtUp = replicas.map(async (connection) => {
    let [standing, at] = await Promise.all([readReplica(connection), asked]);
    for (;;) {
      const reason = replicaProblem(standing, at);
      if (reason !== undefined) throw new Error(reason);
      if (standing.replayed >= at.position) return connection;
      await sleep(POLL_MS, undefined, { signal: over.signal });
      standing = await readReplica(connection);
    }
  });
  const late = async () => {
    await asked;
    await sleep(wait, undefined, { signal: over.signal });
    return undefined;
  };
  try {
    return await Promise.race([Promise.any(caughtUp), late()]);
  } catch {
    const failure = await asked.then(
      () => undefined,
      (error: unknown) => error,
    );
    // Without the primary it is unknown what a replica has missed, and no report is better than a stale one.
    if (isDisconnect(failure)) throw failure;
    return undefined;
  } finally {
    over.abort();
  }
}
