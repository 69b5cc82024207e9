import type { Difference } from '../migrate/catalog.ts';
import type { Change } from '../migrate/record.ts';
import { formatDuration } from '../util/duration.ts';
import { count } from '../util/text.ts';
import { fail, ok, type Verdict, warn } from './verdict.ts';
import type { OpenTransaction, Vitals } from './vitals.ts';

/** The oldest PostgreSQL that has what the scripts and statements use. */
const OLDEST = 14;

/** Whether the server is one that can be worked with; `took` is a round trip in milliseconds. */
export function judgeConnection({ version, read_only }: Vitals, took: number): Verdict {
  const detail = `PostgreSQL ${version}, ${took.toFixed(1)} ms a round trip`;
  if (Number.parseInt(version, 10) < OLDEST)
    return fail(`${detail}; ${OLDEST} is the oldest that will do`, 'Upgrade the server.');
  return read_only
    ? warn(
        `${detail}; read-only, nothing can be changed`,
        'Point DATABASE_URL at the primary, unless reading is all it is for.',
      )
    : ok(detail);
}

/** Whether the rollout is complete: `last` is the phase the database has, `newest` the last there is. */
export function judgePhase(last: number, newest: number): Verdict {
  if (last === 0) return fail('nothing is rolled out', 'pinnacle migrate up');
  const detail = `phase ${last} of ${newest}`;
  return last < newest ? warn(detail, 'pinnacle migrate up') : ok(detail);
}

/** Whether the scripts are those that the database was made with. */
export function judgeScripts(changes: readonly Change[]): Verdict {
  if (changes.length === 0) return ok('as they were applied');
  const parts = changes.map(({ phase, part }) => `${part} of phase ${phase}`);
  return fail(`not as they were applied: ${parts.join(', ')}`, 'pinnacle migrate verify');
}

/** Whether the schema is as the scripts make it. What was only added does not keep anything from working. */
export function judgeDrift(differences: readonly Difference[]): Verdict {
  const grave = differences.filter(({ expected }) => expected !== null);
  const [first] = [...grave, ...differences];
  if (!first) return ok('as its scripts make it');
  const { kind, object, expected, actual } = first;
  const how = expected === null ? 'added' : actual === null ? 'missing' : 'changed';
  const detail = `${count(differences.length, 'difference')}, among them: ${kind} ${object} ${how}`;
  return (grave.length > 0 ? fail : warn)(detail, 'pinnacle migrate drift');
}

const CROWDED = 0.8;

/** Whether there is room for further connections. */
export function judgeConnections({ used, limit }: Vitals): Verdict {
  const detail = `${used} of ${limit} in use`;
  if (used <= CROWDED * limit) return ok(detail);
  return warn(
    detail,
    'Raise max_connections, put PgBouncer in front, or lower poolSize where many are open.',
  );
}

const LONG = 5 * 60_000;

/** Whether a transaction of ours has been open for so long that it holds others up. */
export function judgeTransactions(open: readonly OpenTransaction[]): Verdict {
  const long = open.filter(({ age }) => age > LONG);
  const [oldest] = long;
  if (!oldest) return ok('none open for more than 5 minutes');
  const { program, pid, state, age } = oldest;
  return warn(
    `${long.length} open for more than 5 minutes, the oldest ${formatDuration(age)}: ${program}, ${state}, server process ${pid}`,
    `If nobody waits for it: SELECT pg_terminate_backend(${pid})`,
  );
}
