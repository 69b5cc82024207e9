import { type Kysely, sql } from 'kysely';
import type { Database } from '../../platform/postgres/tables.ts';

/** What a server says of itself. */
export interface ServerStats {
  /** `16.4`. */
  version: string;
  read_only: boolean;
  /** The server's clock, UTC. */
  clock: string;
  /** Connections in use, and how many ordinary roles may use together. */
  used: number;
  limit: number;
}

/** Reads the statistics of the server in one statement. */
export async function readServerStats(db: Kysely<Database>): Promise<ServerStats> {
  const { rows } = await sql<ServerStats>`
    SELECT split_part(current_setting('server_version'), ' ', 1) AS version,
      current_setting('transaction_read_only') = 'on' AS read_only,
      clock_timestamp() AT TIME ZONE 'UTC' AS clock,
      (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true)::int, 0) AS limit`.execute(db);
  const [stats] = rows;
  if (!stats) throw new Error('a statement without FROM returns one row');
  return stats;
}

/** A transaction that a session of this program has open. */
export interface OpenTransaction {
  /** `pinnacle/order fill`. */
  program: string;
  /** The server process. */
  pid: number;
  state: string;
  /** How long it has been open, in milliseconds. */
  age: number;
}

/** The transactions that sessions of this program have open in the database, the oldest first. */
export async function readTransactions(db: Kysely<Database>): Promise<OpenTransaction[]> {
  const { rows } = await sql<OpenTransaction>`
    SELECT application_name AS program, pid, state,
      (extract(epoch FROM clock_timestamp() - xact_start) * 1000)::float8 AS age
    FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'pinnacle/%' AND application_name NOT LIKE '% guard'
      AND pid <> pg_backend_pid()
      AND xact_start IS NOT NULL
    ORDER BY xact_start`.execute(db);
  return rows;
}
