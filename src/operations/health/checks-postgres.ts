import { clockVerdict } from '../../platform/postgres/clock-skew.ts';
import { versionVerdict } from '../../platform/postgres/server-version.ts';
import { formatDuration } from '../../util/duration.ts';
import { pluralize } from '../../util/text.ts';
import { fail, ok, type Verdict, warn } from '../../util/verdict.ts';
import type { Difference } from '../migrations/catalog.ts';
import type { Change } from '../migrations/history.ts';
import { labelOf } from '../migrations/scripts.ts';
import type { Check, CheckContext } from './check.ts';
import { replicaStates } from './replica-lag.ts';
import type { OpenTransaction, ServerStats } from './server-stats.ts';

/** The server, the rollout and its schema. */
export const POSTGRES_CHECKS: readonly Check[] = [
  {
    name: 'connection',
    run: async ({ server }) => connectionVerdict(server, server.roundTripMs),
  },
  {
    name: 'phase',
    run: async ({ rollout }) => phaseVerdict(rollout),
    help: 'pinnacle migrate up',
  },
  {
    name: 'scripts',
    run: async ({ rollout }) => scriptsVerdict(rollout.changes),
    help: 'pinnacle migrate verify',
  },
  {
    name: 'drift',
    isSlow: true,
    async run({ ctx }) {
      const { detectDrift } = await import('../schema/detect-drift.ts');
      return driftVerdict((await detectDrift(ctx)).differences);
    },
    help: 'pinnacle migrate drift',
  },
  {
    name: 'clock',
    embedded: 'the clock of this machine',
    run: async ({ server }) => clockVerdict(server.aheadMs),
  },
  {
    name: 'timezone',
    phase: 1,
    embedded: 'UTC',
    async run({ query }) {
      // Our own sessions ask for UTC. A service that does not stores now() in the zone its session was given.
      const found = await query<{ setting: string }>(
        `SELECT concat_ws(' in ', 'role ' || r.rolname, 'database ' || d.datname) || ': ' || split_part(c, '=', 2) AS setting
         FROM pg_db_role_setting s
         CROSS JOIN unnest(s.setconfig) c
         LEFT JOIN pg_roles r ON r.oid = s.setrole
         LEFT JOIN pg_database d ON d.oid = s.setdatabase
         WHERE c ~* '^timezone=' AND c !~* '=(etc/)?(utc|uct|gmt|zulu|universal)$'
           AND (s.setdatabase = 0 OR d.datname = current_database())
           AND (s.setrole = 0 OR has_table_privilege(s.setrole, 'orders', 'INSERT'))
         ORDER BY 1`,
      );
      if (found.length === 0) return ok('no database or role setting differs from UTC');
      return warn(`local time would be stored as UTC: ${found.map(({ setting }) => setting).join(', ')}`);
    },
    help: "ALTER DATABASE … SET TimeZone = 'UTC', or ALTER ROLE …; then restart the services",
  },
  {
    name: 'connections',
    embedded: 'one process at a time',
    run: async ({ server }) => connectionsVerdict(server),
    help: 'Raise max_connections, put PgBouncer in front, or lower poolSize where many are open.',
  },
  {
    name: 'transactions',
    embedded: 'one process at a time',
    async run({ db }) {
      const { readTransactions } = await import('./server-stats.ts');
      return transactionsVerdict(await readTransactions(db));
    },
  },
  {
    name: 'replicas',
    async run({ ctx }) {
      const found = await replicaStates(ctx);
      if (found.length === 0) return ok('none is configured');
      const unready = found.filter(({ state }) => state !== 'ready');
      if (unready.length === 0) return ok(`${pluralize(found.length, 'replica')} ready`);
      const which = unready.map(({ replica, state }) => `${replica} ${state}`).join(', ');
      return warn(`${which}; the primary answers instead`);
    },
    help: 'pinnacle doctor replicas',
  },
];

/** Whether the server can be worked with; `roundTripMs` is in milliseconds. */
export function connectionVerdict({ version, read_only }: ServerStats, roundTripMs: number): Verdict {
  const detail = `PostgreSQL ${version}, ${roundTripMs.toFixed(1)} ms per round trip`;
  const ofVersion = versionVerdict(Number.parseInt(version, 10), detail);
  if (!read_only || ofVersion.state === 'fail') return ofVersion;
  return warn(
    `${detail}; read-only, nothing can be changed`,
    'Point DATABASE_URL at the primary, unless you only want to read.',
  );
}

/** Whether the rollout is complete. */
export function phaseVerdict({
  phase,
  newest,
  lacking,
}: Pick<CheckContext['rollout'], 'phase' | 'newest' | 'lacking'>): Verdict {
  if (phase === 0) return fail('nothing is rolled out');
  const detail = [`phase ${phase} of ${newest}`, ...lacking].join('; ');
  return phase < newest || lacking.length > 0 ? warn(detail) : ok(detail);
}

/** Whether the scripts are those that were applied. */
export function scriptsVerdict(changes: readonly Change[]): Verdict {
  if (changes.length === 0) return ok('as they were applied');
  const parts = changes.map((change) => `${change.part} of ${labelOf(change)}`);
  return fail(`not as they were applied: ${parts.join(', ')}`);
}

/** Whether the schema is what the scripts create. Objects that were only added are a warning: everything still works. */
export function driftVerdict(differences: readonly Difference[]): Verdict {
  const grave = differences.filter(({ expected }) => expected !== null);
  const [first] = [...grave, ...differences];
  if (!first) return ok('as its scripts create it');
  const { kind, object, expected, actual } = first;
  const how = expected === null ? 'added' : actual === null ? 'missing' : 'changed';
  const detail = `${pluralize(differences.length, 'difference')}, among them: ${kind} ${object} ${how}`;
  return (grave.length > 0 ? fail : warn)(detail);
}

const CONNECTIONS_WARN_SHARE = 0.8;

/** Whether there is room for further connections. */
export function connectionsVerdict({ used, limit }: ServerStats): Verdict {
  const detail = `${used} of ${limit} in use`;
  return used <= CONNECTIONS_WARN_SHARE * limit ? ok(detail) : warn(detail);
}

const LONG_TRANSACTION_MS = 5 * 60_000;

/** Whether a transaction of this program has been open for so long that it holds others up. */
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
