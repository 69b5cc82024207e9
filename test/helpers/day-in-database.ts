import { formatRupees } from '../../src/domain/money.ts';
import type { Sort } from '../../src/operations/overview/overview.ts';
import { formatDuration } from '../../src/util/duration.ts';
import { wallClock } from '../../src/util/time.ts';
import { runSql } from './postgres.ts';

/** A part of the screen: what stands in its head after its name, and its rows by the names of their columns. */
export interface Part {
  count: string;
  rows: Record<string, string>[];
}

/** What a screen of the day must show at a moment, as plain SQL says. */
export interface DayInDatabase {
  clock: string;
  money: string;
  counts: string;
  ages: string;
  parts: Record<string, Part>;
}

interface Asked {
  url: string;
  at: Date;
  text?: string;
  sort?: Sort;
  /** The times of quotes in Redis, by symbol. */
  quotes: ReadonlyMap<string, Date>;
}

const ZONE = 'Asia/Kolkata';
const STALE_MS = 15 * 60_000;
/** The most rows of these kinds that a look has. */
const MOST = 50;

type Row = Record<string, unknown>;

const ORDER: Readonly<Record<Sort, string>> = {
  net: 'net',
  drawdown: 'drawdown / drawdown_limit DESC NULLS LAST, drawdown DESC NULLS LAST',
  unrealized: 'unrealized',
  user: 'user_id',
};

/** Reads what happened on the day until `at`, each number by the plainest statement for it. */
export async function dayInDatabase({
  url,
  at,
  text = '',
  sort = 'net',
  quotes,
}: Asked): Promise<DayInDatabase> {
  const clock = wallClock(at.toISOString(), ZONE);
  const day = clock.slice(0, 10);
  const today = `(timestamp '${day}' - interval '5 hours 30 minutes')`;
  const has = (...columns: string[]) =>
    `(${columns.map((column) => `coalesce(${column}, '') ILIKE '%${text}%'`).join(' OR ')})`;
  const working = "status IN ('PENDING', 'PLACED', 'PARTIALLY_FILLED')";
  const ms = (column: string) => `(extract(epoch FROM ${column}) * 1000)::float8`;
  const all = (sql: string) => runSql(url, sql);
  const [traders, orders, fills, attention, notifications, [sums = {}]] = await Promise.all([
    all(`SELECT * FROM (SELECT u.user_id, t.*, realized + charges AS net FROM users u CROSS JOIN LATERAL (SELECT
        (SELECT coalesce(sum(realized_pnl), 0) FROM order_fills JOIN orders o USING (order_id)
          WHERE o.user_id = u.user_id AND executed_at >= ${today}) AS realized,
        (SELECT coalesce(sum(amount), 0) FROM cash_flows f WHERE f.user_id = u.user_id AND kind = 'charge'
          AND day = '${day}') AS charges,
        (SELECT coalesce(sum(unrealized_pnl::numeric(20, 2)), 0) FROM positions p WHERE p.user_id = u.user_id AND status = 'OPEN') AS unrealized,
        (SELECT count(*) FROM positions p WHERE p.user_id = u.user_id AND status = 'OPEN') AS open,
        (SELECT count(*) FROM orders o WHERE o.user_id = u.user_id AND ${working}) AS working,
        (SELECT count(*) FROM order_fills JOIN orders o USING (order_id) WHERE o.user_id = u.user_id AND executed_at >= ${today}) AS executed,
        (SELECT max_drawdown FROM trading_sessions s WHERE s.user_id = u.user_id AND status = 'ACTIVE') AS drawdown,
        (SELECT rule_value FROM risk_rules r WHERE r.user_id = u.user_id AND rule_type = 'MAX_DRAWDOWN') AS drawdown_limit,
        (SELECT count(*) FROM risk_rules r WHERE r.user_id = u.user_id AND is_violated) AS violated,
        EXISTS (SELECT FROM trading_sessions s WHERE s.user_id = u.user_id AND status = 'ACTIVE') AS in_session,
        EXISTS (SELECT FROM trading_halts h WHERE coalesce(h.user_id, u.user_id) = u.user_id AND resumed_at IS NULL) AS halted
      ) AS t WHERE ${has('u.user_id')}
        OR EXISTS (SELECT FROM positions p WHERE p.user_id = u.user_id AND status = 'OPEN' AND ${has('symbol', 'strategy_id')})
        OR EXISTS (SELECT FROM orders o WHERE o.user_id = u.user_id AND ${working} AND ${has('symbol', 'strategy_id')})
        OR EXISTS (SELECT FROM orders o JOIN order_fills USING (order_id) WHERE o.user_id = u.user_id AND executed_at >= ${today}
          AND ${has('symbol', 'strategy_id')})) AS day
      WHERE open + working + executed + violated > 0 OR in_session OR halted ORDER BY ${ORDER[sort]}, user_id COLLATE "C"`),
    all(`SELECT *, ${ms('created_at')} AS since FROM orders WHERE ${working} AND ${has('user_id', 'symbol', 'strategy_id', 'order_id')}
      ORDER BY created_at DESC, order_id COLLATE "C" DESC`),
    all(`SELECT f.*, o.user_id, o.symbol, o.side, o.strategy_id, ${ms('f.executed_at')} AS since FROM order_fills f JOIN orders o USING (order_id)
      WHERE executed_at >= ${today} AND ${has('o.user_id', 'symbol', 'strategy_id', 'order_id')} ORDER BY executed_at DESC, f.seq DESC LIMIT ${MOST}`),
    all(`SELECT coalesce(user_id, 'everyone') AS user_id, 'HALTED' AS what, reason || ' (by ' || halted_by || ')' AS why, ${ms('halted_at')} AS since,
        1 AS place, '' AS rule FROM trading_halts WHERE resumed_at IS NULL AND (user_id IS NULL OR ${has('user_id')})
      UNION ALL SELECT user_id, 'VIOLATED', violation_message, NULL, 2, rule_type::text FROM risk_rules WHERE is_violated AND ${has('user_id')}
      ORDER BY place, user_id, rule`),
    all(`SELECT *, ${ms('created_at')} AS since FROM notifications WHERE read_at IS NULL AND alert_level IN ('WARNING', 'ERROR', 'CRITICAL')
      AND ${has('user_id', 'title', 'message')} ORDER BY created_at DESC, notification_id COLLATE "C" DESC LIMIT ${MOST}`),
    all(`SELECT (SELECT count(*) FROM notifications WHERE read_at IS NULL) AS unread,
      (SELECT count(*) FROM notifications WHERE read_at IS NULL AND alert_level = 'CRITICAL') AS critical,
      (SELECT count(*) FROM trading_halts WHERE resumed_at IS NULL) AS halts,
      (SELECT json_agg(DISTINCT symbol) FROM (SELECT symbol FROM positions WHERE status = 'OPEN'
        UNION SELECT symbol FROM orders WHERE ${working}) AS s) AS symbols`),
  ]);
  const chosen = traders.map(({ user_id }) => `'${user_id}'`).join(', ') || 'NULL';
  const [ages = {}] =
    await all(`SELECT (SELECT ${ms('min(created_at)')} FROM orders WHERE ${working} AND user_id IN (${chosen})) AS orders,
    (SELECT ${ms('min(marked_at)')} FROM positions WHERE status = 'OPEN' AND user_id IN (${chosen})) AS marks,
    (SELECT count(*) FROM positions WHERE status = 'OPEN' AND user_id IN (${chosen}) AND ${ms('marked_at')} < ${at.getTime() - STALE_MS}) AS stale`);
  const age = (since: unknown, step = 1) => ageOf(since, at, step);
  const sum = (name: string) => traders.reduce((total, row) => total + Number(row[name]), 0);
  const violated = sum('violated');
  return {
    clock,
    money: `net ${rupees(sum('net'))}  realized ${rupees(sum('realized'))}  unrealized ${rupees(sum('unrealized'))}`,
    counts: [
      ...some(Number(sums['halts']), 'halt'),
      ...(violated > 0 ? [`${some(violated, 'rule')} violated`] : []),
      ...(Number(sums['critical']) > 0 ? [`${sums['critical']} CRITICAL`] : []),
      `${traders.length} ${traders.length === 1 ? 'trader' : 'traders'} (${sum('in_session')} in session)`,
      `${sum('open')} open`,
      `${sum('working')} working`,
      `${sums['unread']} unread`,
    ].join('  '),
    ages: [
      `oldest order ${age(ages['orders'])}`,
      `oldest mark ${age(ages['marks'])}${Number(ages['stale']) > 0 ? ` (${ages['stale']} stale)` : ''}`,
      quotesText((sums['symbols'] ?? []) as string[], quotes, age),
    ].join('  '),
    parts: {
      'NEEDS YOU': part(
        attention.map((row) => ({
          '': row['user_id'],
          what: row['what'],
          why: row['why'],
          age: row['since'] === null ? '' : age(row['since'], 10),
        })),
        Number(sums['halts']) + violated,
      ),
      TRADERS: part(traders.map(traderRow)),
      WORKING: part(
        orders.map((row) => ({
          ...traded(row, row['order_id']),
          price: row['order_type'] === 'MARKET' ? 'MARKET' : rupees(row['price']),
          filled: number(row['filled_quantity']),
          status: row['status'],
          age: age(row['since'], 10),
        })),
        sum('working'),
      ),
      FILLS: atLeast(
        part(
          fills.map((row) => ({
            ...traded(row, row['fill_id']),
            price: rupees(row['price']),
            realized: rupees(row['realized_pnl']),
            age: age(row['since'], 10),
          })),
        ),
      ),
      ALERTS: atLeast(
        part(
          notifications.map((row) => ({
            '': row['alert_level'],
            trader: row['user_id'] ?? 'everyone',
            title: row['title'],
            message: row['message'],
            age: age(row['since'], 10),
          })),
        ),
      ),
    },
  };
}

const rupees = (amount: unknown) => formatRupees(Number(amount).toFixed(2));
const number = (value: unknown) =>
  new Intl.NumberFormat('en-IN', { maximumFractionDigits: 4 }).format(Number(value));
const some = (count: number, what: string) =>
  count > 0 ? [`${count} ${what}${count === 1 ? '' : 's'}`] : [];

function ageOf(since: unknown, at: Date, step: number): string {
  if (since === null || since === undefined) return '-';
  const ms = at.getTime() - Number(since);
  if (ms >= 60_000) return formatDuration(ms);
  return `${Math.floor(ms / 1_000 / step) * step} s`;
}

function quotesText(
  symbols: readonly string[],
  quotes: Asked['quotes'],
  age: (since: unknown) => string,
): string {
  const times = symbols.flatMap((symbol) => quotes.get(symbol)?.getTime() ?? []);
  const [newest, oldest] = times.length === 0 ? [null, null] : [Math.max(...times), Math.min(...times)];
  return `quotes ${age(newest)} to ${age(oldest)}, ${times.length} of ${symbols.length}`;
}

const atLeast = (found: Part): Part =>
  found.rows.length < MOST ? found : { ...found, count: `${MOST} or more` };
const part = (rows: Row[], all = rows.length): Part => ({
  count: all > rows.length ? `${rows.length} of ${all}` : String(all),
  rows: rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, String(value)])),
  ),
});

const traderRow = (row: Row): Row => ({
  '': row['user_id'],
  net: rupees(row['net']),
  realized: rupees(row['realized']),
  unrealized: rupees(row['unrealized']),
  drawdown:
    row['drawdown'] === null
      ? '-'
      : `${Number(row['drawdown']).toFixed(2)}${row['drawdown_limit'] === null ? '' : ` / ${Number(row['drawdown_limit']).toFixed(2)}`} %`,
  open: row['open'],
  working: row['working'],
  state: row['halted']
    ? 'HALTED'
    : Number(row['violated']) > 0
      ? 'VIOLATED'
      : row['in_session']
        ? 'in session'
        : 'no session',
});

const traded = (row: Row, id: unknown): Row => ({
  '': id,
  trader: row['user_id'],
  side: row['side'],
  quantity: number(row['quantity']),
  symbol: row['symbol'],
  strategy: row['strategy_id'] ?? '-',
});
