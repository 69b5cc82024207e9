import type { Context } from '../../context.ts';
import {
  FLOWS_SINCE_STEP,
  hasStep,
  type SchemaPhase,
  type Source,
} from '../../platform/postgres/schema-phase.ts';
import { readEquityDay } from '../../trading/equity/equity-day.ts';
import { Failure } from '../../util/failure.ts';
import { newestBackup } from '../backup/catalog.ts';
import { readDay } from '../day-report/read-day.ts';
import { watchReplicas } from '../health/replica-lag.ts';
import { readServerStats } from '../health/server-stats.ts';
import { pendingSteps, readHistory } from '../migrations/history.ts';
import { loadSteps, newestPhase } from '../migrations/scripts.ts';
import { openDurations } from './durations.ts';
import { FAMILIES, type FamilyName, type Sample, withZeroes } from './families.ts';
import { readBook, readStart } from './read-book.ts';
import { shared } from './shared.ts';

/** All metrics as of a moment, and why the database did not answer, if it did not: then only the first ones are there. */
export interface Reading {
  samples: Sample[];
  failure: Failure | undefined;
}

/** Traders with series of their own, at most. */
const MOST_USERS = 250;
/** The folder of backups is read file by file, and changes once a night. */
const BACKUP_AGE_MS = 60_000;
const FAMILY_NAMES = Object.keys(FAMILIES) as FamilyName[];

/** Whether it may answer later, without any other change. */
const isAway = ({ kind }: Failure) => kind === 'unreachable' || kind === 'busy';

const sample = (name: FamilyName, value: number, labels: Sample['labels'] = {}): Sample => ({
  name,
  labels,
  value,
});
const seconds = (time: string) => Date.parse(time) / 1_000;

/**
 * A reader of all metrics, which keeps what does not change and its connections. A reading says if the
 * database did not answer, and throws any other failure; this throws NO_DATABASE where none is configured.
 */
export async function openMetrics(ctx: Context, byUser: boolean): Promise<() => Promise<Reading>> {
  await ctx.connection();
  const steps = shared(Number.POSITIVE_INFINITY, loadSteps);
  const replicas = shared(Number.POSITIVE_INFINITY, () => watchReplicas(ctx, 0));
  const backup = shared(BACKUP_AGE_MS, () => readBackup(ctx).catch(() => []));
  const durations = openDurations();
  const read = async () => {
    const parts = [readDatabase(ctx, { steps, durations }, byUser), backup(), replicas().then(readReplicas)];
    return (await Promise.all(parts)).flat();
  };
  return async () => {
    const started = performance.now();
    const at = ctx.now();
    const head = (success: 0 | 1) => headOf(success, at, performance.now() - started);
    try {
      const samples = await read();
      return { samples: [...head(1), ...samples], failure: undefined };
    } catch (error) {
      const failure = await ctx.explain(error);
      if (!(failure instanceof Failure) || !isAway(failure)) throw error;
      return { samples: head(0), failure };
    }
  };
}

/** What there is of a database that has not answered until now. */
export const unanswered = (ctx: Context): Sample[] => headOf(0, ctx.now(), 0);

/** Of the reading itself, which began at a moment and took so many milliseconds. */
const headOf = (success: 0 | 1, at: Date, tookMs: number): Sample[] => [
  sample('build_info', 1, { version: __VERSION__ }),
  sample('scrape_success', success),
  sample('scrape_duration_seconds', tookMs / 1_000),
  sample('scrape_timestamp_seconds', at.getTime() / 1_000),
];

/** What is kept from one reading to the next. */
interface Kept {
  steps: () => ReturnType<typeof loadSteps>;
  durations: ReturnType<typeof openDurations>;
}

/** What the database says: of itself, and of the book where its schema has all of it. */
async function readDatabase(ctx: Context, { steps, durations }: Kept, byUser: boolean): Promise<Sample[]> {
  const db = await ctx.db();
  const [known, history, { market }] = await Promise.all([steps(), readHistory(db), ctx.config()]);
  const last = history.at(-1);
  const source: Source = { db, phase: (last?.phase ?? 0) as SchemaPhase, step: last?.step ?? 0 };
  const hasBook = hasStep(source, FLOWS_SINCE_STEP);
  const start = hasBook ? await readStart(source) : undefined;
  const [stats, book, took, users] = await Promise.all([
    readServerStats(db),
    start ? readBook(source, start, market.staleAfterMs) : [],
    start ? durations(source, start.since) : [],
    hasBook && byUser ? readUsers(ctx, source) : [],
  ]);
  return [
    sample('schema_phase', source.phase),
    sample('schema_steps_pending', pendingSteps(known, history, newestPhase(known)).length),
    sample('database_connections', stats.used),
    sample('database_connections_limit', stats.limit),
    ...(hasBook ? withZeroes(book, FAMILY_NAMES) : []),
    ...took,
    ...users,
  ];
}

/** The traders with something today, those who lost most before others. */
async function readUsers(ctx: Context, source: Source): Promise<Sample[]> {
  const { traders } = await readDay(source, await readEquityDay(ctx, source, undefined, '--by'));
  const shown = traders.slice(0, MOST_USERS);
  return [
    ...shown.flatMap(({ user_id: user, net_pnl, drawdown, orders, halted }) => [
      sample('user_pnl_today_rupees', Number(net_pnl), { user }),
      sample('user_drawdown_ratio', (drawdown ?? 0) / 100, { user }),
      sample('user_orders_today', orders, { user }),
      sample('user_halted', halted ? 1 : 0, { user }),
    ]),
    sample('users_left_out', traders.length - shown.length),
  ];
}

async function readBackup(ctx: Context): Promise<Sample[]> {
  const newest = await newestBackup(ctx);
  if (!newest?.created_at) return [];
  return [
    sample('backup_last_success_timestamp_seconds', seconds(newest.created_at)),
    ...(newest.bytes === null ? [] : [sample('backup_size_bytes', newest.bytes)]),
    ...(newest.verified_at === null
      ? []
      : [sample('backup_verified_timestamp_seconds', seconds(newest.verified_at))]),
  ];
}

async function readReplicas(states: Awaited<ReturnType<typeof watchReplicas>>): Promise<Sample[]> {
  return (await states()).flatMap(({ replica, state, lag_seconds }) => [
    sample('replica_up', state === 'ready' || state === 'behind' ? 1 : 0, { replica }),
    ...(lag_seconds === null ? [] : [sample('replica_lag_seconds', lag_seconds, { replica })]),
  ]);
}
