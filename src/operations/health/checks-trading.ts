import { formatDuration } from '../../util/duration.ts';
import { someOf } from '../../util/text.ts';
import { ok, type Verdict, warn } from '../../util/verdict.ts';
import type { Check } from './check.ts';

const PENDING_LATE_MS = 15 * 60_000;
const SEALING_LATE_MS = 15 * 60_000;
const BATCH_ENTRIES = 10_000;
const CHARGES_DAYS = 31;
const NAMED_DAYS = 5;
const INDIA_MS = 330 * 60_000;

/** What a trading day leaves behind. */
export const TRADING_CHECKS: readonly Check[] = [
  {
    name: 'sealing',
    phase: 1,
    async run({ db }) {
      // Every write seals the entries before it; an entry without a seal could be removed unnoticed.
      const { oldestTransaction, readUnsealed } = await import('../../audit/seal-store.ts');
      const { count, ageMs } = await readUnsealed(db);
      if (count === 0) return ok('every entry has its seal');
      const entries = `${count.toLocaleString('en-IN')} ${count === 1 ? 'entry has' : 'entries have'} no seal, the oldest: ${formatDuration(ageMs)}`;
      if (ageMs < SEALING_LATE_MS) return ok(entries);
      const blocker = await oldestTransaction(db);
      return warn(blocker ? `${entries}; the oldest transaction is that of ${blocker}` : entries);
    },
    async fix({ ctx, db }) {
      const { sealAll } = await import('../../audit/seal-store.ts');
      while ((await sealAll(db, BATCH_ENTRIES)) > 0) ctx.signal.throwIfAborted();
    },
    help: 'pinnacle audit seal',
  },
  {
    name: 'orders',
    phase: 1,
    async run({ query }) {
      // Nobody has confirmed that a PENDING order reached the broker.
      const found = await query<Leftovers>(
        `SELECT count(*) AS count, min(order_id) AS example, ${ageOf('updated_at')} FROM orders
         WHERE status = 'PENDING' AND NOT imported
           AND updated_at < now() AT TIME ZONE 'UTC' - $1 * interval '1 millisecond'`,
        PENDING_LATE_MS,
      );
      return leftoverVerdict(
        found,
        `PENDING for more than ${formatDuration(PENDING_LATE_MS)}`,
        'none is stuck PENDING',
      );
    },
    help: 'pinnacle order list --status PENDING; then order accept, reject or cancel',
  },
  {
    name: 'sessions',
    phase: 3,
    async run({ ctx, query }) {
      const { tradingDayOf } = await import('../../trading/trading-day.ts');
      const { dayStart } = await tradingDayOf(ctx);
      const found = await query<Leftovers>(
        `SELECT count(*) AS count, min(user_id) AS example, ${ageOf('start_time')} FROM trading_sessions
         WHERE status = 'ACTIVE' AND start_time < $1::timestamp`,
        dayStart,
      );
      return leftoverVerdict(found, 'of an earlier day still ACTIVE', 'none of an earlier day');
    },
    help: 'pinnacle session end --all',
  },
  {
    name: 'rules',
    phase: 4,
    async run({ query }) {
      // As the last `risk check` left them.
      const found = await query<Leftovers>(
        `SELECT count(*) AS count, min(user_id) AS example, NULL AS age FROM risk_rules
         WHERE violation_message LIKE '%: cannot evaluate without %'`,
      );
      return leftoverVerdict(found, 'cannot be evaluated', 'each can be evaluated');
    },
    help: 'pinnacle risk check',
  },
  {
    name: 'calendar',
    phase: 4,
    async run({ ctx, query }) {
      // Exchanges publish the days of the next year in December.
      const today = new Date(ctx.now().getTime() + INDIA_MS).toISOString();
      const year = Number(today.slice(0, 4));
      const wanted = today.slice(5, 7) === '12' ? [year, year + 1] : [year];
      const [table] = await query<{ exists: boolean }>(
        "SELECT to_regclass('market_days') IS NOT NULL AS exists",
      );
      if (!table?.exists) return ok('the schema has none');
      const found = await query<{ year: number }>(
        "SELECT DISTINCT extract(year FROM day)::int AS year FROM market_days WHERE exchange = 'NSE'",
      );
      // Who imports no calendar relies on none.
      if (found.length === 0) return ok('no calendar is imported');
      const missing = wanted.filter((each) => !found.some((row) => row.year === each));
      return missing.length === 0
        ? ok(`days of NSE for ${wanted.join(' and ')}`)
        : warn(`no days of NSE for ${missing.join(' and ')}: holidays are not known`);
    },
    help: 'pinnacle calendar import --help',
  },
  {
    name: 'charges',
    phase: 4,
    async run({ ctx }) {
      const { missedDays } = await import('../../trading/charges/unbooked-days.ts');
      const missed = await missedDays(ctx, CHARGES_DAYS);
      if (missed === undefined) return ok('none was ever booked');
      const [first] = missed;
      if (first === undefined) return ok('booked for each day that costs something');
      const named = someOf(missed, NAMED_DAYS);
      return warn(
        `not booked for each trader whom the day costs something: ${named}`,
        `pinnacle charges book --since ${first}`,
      );
    },
    help: 'pinnacle charges book',
  },
  {
    name: 'api-keys',
    phase: 1,
    async run({ query }) {
      const [access] = await query<{ may: boolean }>(
        "SELECT has_column_privilege('users', 'api_key', 'SELECT') AS may",
      );
      if (!access?.may) return ok('this login may not read them');
      // Of a database that another program made: they are accepted as they are.
      const found = await query<Leftovers>(
        `SELECT count(*) AS count, min(user_id) AS example, NULL AS age FROM users WHERE api_key !~ '^[0-9a-f]{64}$'`,
      );
      return leftoverVerdict(found, 'stored in the clear', 'each is stored as a hash');
    },
    help: 'pinnacle user rotate-key --help',
  },
  {
    name: 'partitions',
    phase: 1,
    embedded: 'orders is one table',
    async run({ ctx, db }) {
      const [{ lastBound, readPartitions }, { monthOf, timeOf }] = await Promise.all([
        import('../partitions/layout.ts'),
        import('../partitions/months.ts'),
      ]);
      const found = await readPartitions(db);
      if (!found) return ok('orders is one table');
      const end = timeOf(lastBound(found));
      const until = `of orders until ${end?.toISOString().slice(0, 10)}`;
      return end && end < monthOf(ctx.now(), 2).start ? warn(until) : ok(until);
    },
    help: 'pinnacle partition ensure',
  },
];

/** Rows that should be gone by now: how many, one of them, and the age of the oldest in milliseconds. */
interface Leftovers {
  count: string;
  example: string | null;
  age: number | null;
}

const ageOf = (column: string) =>
  `(extract(epoch FROM clock_timestamp() - min(${column}) AT TIME ZONE 'UTC') * 1000)::float8 AS age`;

function leftoverVerdict([found]: readonly Leftovers[], what: string, none: string): Verdict {
  const { count = '0', example = null, age = null } = found ?? {};
  if (Number(count) === 0) return ok(none);
  const oldest = [example, age === null ? '' : formatDuration(age)].filter(Boolean).join(', ');
  return warn(`${Number(count).toLocaleString('en-IN')} ${what}${oldest && `, the oldest: ${oldest}`}`);
}
