import { type Kysely, sql } from 'kysely';
import type { Context } from '../../context.ts';
import { clockVerdict } from '../../platform/postgres/clock-skew.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { formatDuration } from '../../util/duration.ts';
import { pluralize } from '../../util/text.ts';
import { fail, ok, type Verdict, warn } from '../../util/verdict.ts';
import type { Difference } from '../migrations/catalog.ts';
import { detectDrift } from '../migrations/detect-drift.ts';
import { type Change, changesOf, lastPhase, readHistory } from '../migrations/history.ts';
import { loadPhases } from '../migrations/scripts.ts';
import type { Check, CheckContext } from './check.ts';

/** The scene of an examination, and the checks that share what it begins with. */
export async function prepare(ctx: Context) {
  const { kind, kysely: db } = await ctx.connection();
  // The first statement also connects: what is timed comes after it, and before anything else takes the processor.
  const [phases, record] = await Promise.all([loadPhases(), readHistory(db)]);
  const [sent, started] = [ctx.now(), performance.now()];
  const vitals = await readServerStats(db);
  const took = performance.now() - started;
  const ahead = Date.parse(vitals.clock) - (sent.getTime() + took / 2);
  const scene: CheckContext = { ctx, kind, db, phase: lastPhase(record) };
  const onServer = (look: () => ReturnType<Check['look']>, embedded: string): Check => ({
    look: async () => (kind === 'embedded' ? ok(embedded) : look()),
  });
  const checks = {
    connection: { look: async () => connectionVerdict(vitals, took) },
    phase: { look: async () => phaseVerdict(lastPhase(record), phases.length) },
    scripts: { look: async () => scriptsVerdict(changesOf(phases, record)) },
    drift: { look: async () => driftVerdict((await detectDrift(ctx)).differences) },
    clock: onServer(async () => clockVerdict(ahead), 'the clock of this machine'),
    connections: onServer(async () => connectionsVerdict(vitals), 'one process at a time'),
    transactions: onServer(
      async () => transactionsVerdict(await readTransactions(db)),
      'one process at a time',
    ),
  } satisfies Record<string, Check>;
  return { scene, checks };
}

/** What a server says of itself. */
export interface ServerStats {
  /** `16.4`. */
  version: string;
  read_only: boolean;
  /** The server's clock, UTC. */
  clock: string;
  /** Connections in use, and how many an ordinary role may use in all. */
  used: number;
  limit: number;
}

/** A transaction that a session of ours has open. */
export interface OpenTransaction {
  /** `pinnacle/order fill`. */
  program: string;
  /** The server process. */
  pid: number;
  state: string;
  /** How long it has been open, milliseconds. */
  age: number;
}

/** Asks the server for its vital signs, in one statement. */
export async function readServerStats(db: Kysely<Database>): Promise<ServerStats> {
  const { rows } = await sql<ServerStats>`
    SELECT split_part(current_setting('server_version'), ' ', 1) AS version,
      current_setting('transaction_read_only') = 'on' AS read_only,
      clock_timestamp() AT TIME ZONE 'UTC' AS clock,
      (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        - coalesce(current_setting('reserved_connections', true)::int, 0) AS limit`.execute(db);
  const [vitals] = rows;
  if (!vitals) throw new Error('a statement without FROM gives one row');
  return vitals;
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

/** The oldest PostgreSQL that has what the scripts and statements use. */
const OLDEST_MAJOR = 14;
/** Whether the server is one that can be worked with; `took` is a round trip in milliseconds. */
export function connectionVerdict({ version, read_only }: ServerStats, took: number): Verdict {
  const detail = `PostgreSQL ${version}, ${took.toFixed(1)} ms a round trip`;
  if (Number.parseInt(version, 10) < OLDEST_MAJOR)
    return fail(`${detail}; ${OLDEST_MAJOR} is the oldest that will do`, 'Upgrade the server.');
  return read_only
    ? warn(
        `${detail}; read-only, nothing can be changed`,
        'Point DATABASE_URL at the primary, unless reading is all it is for.',
      )
    : ok(detail);
}

/** Whether the rollout is complete: `last` is the phase the database has, `newest` the last there is. */
export function phaseVerdict(last: number, newest: number): Verdict {
  if (last === 0) return fail('nothing is rolled out', 'pinnacle migrate up');
  const detail = `phase ${last} of ${newest}`;
  return last < newest ? warn(detail, 'pinnacle migrate up') : ok(detail);
}

/** Whether the scripts are those that the database was made with. */
export function scriptsVerdict(changes: readonly Change[]): Verdict {
  if (changes.length === 0) return ok('as they were applied');
  const parts = changes.map(({ phase, part }) => `${part} of phase ${phase}`);
  return fail(`not as they were applied: ${parts.join(', ')}`, 'pinnacle migrate verify');
}

/** Whether the schema is as the scripts make it. What was only added does not keep anything from working. */
export function driftVerdict(differences: readonly Difference[]): Verdict {
  const grave = differences.filter(({ expected }) => expected !== null);
  const [first] = [...grave, ...differences];
  if (!first) return ok('as its scripts make it');
  const { kind, object, expected, actual } = first;
  const how = expected === null ? 'added' : actual === null ? 'missing' : 'changed';
  const detail = `${pluralize(differences.length, 'difference')}, among them: ${kind} ${object} ${how}`;
  return (grave.length > 0 ? fail : warn)(detail, 'pinnacle migrate drift');
}
const CONNECTIONS_WARN_SHARE = 0.8;
/** Whether there is room for further connections. */
export function connectionsVerdict({ used, limit }: ServerStats): Verdict {
  const detail = `${used} of ${limit} in use`;
  if (used <= CONNECTIONS_WARN_SHARE * limit) return ok(detail);
  return warn(
    detail,
    'Raise max_connections, put PgBouncer in front, or lower poolSize where many are open.',
  );
}
const LONG_TRANSACTION_MS = 5 * 60000;
/** Whether a transaction of ours has been open for so long that it holds others up. */
export function transactionsVerdict(open: readonly OpenTransaction[]): Verdict {
  const long = open.filter(({ age }) => age > LONG_TRANSACTION_MS);
  const [oldest] = long;
  if (!oldest) return ok('none open for more than 5 minutes');
  const { program, pid, state, age } = oldest;
  return warn(
    `${long.length} open for more than 5 minutes, the oldest ${formatDuration(age)}: ${program}, ${state}, server process ${pid}`,
    `If nobody waits for it: SELECT pg_terminate_backend(${pid})`,
  );
}
