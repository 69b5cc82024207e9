import type { TestDatabase } from './databases.ts';

/** Ids that are as long as ours, and sort by number. */
const ID = (prefix: string, n: string) => `'${prefix}_' || lpad(to_hex(${n}), 26, '0')`;

/** Three years ago and a share of them, in minutes: whole, so that no time is between two microseconds. */
const AGO = (share: string) => `now() - make_interval(mins => (1576800 * (${share}))::integer)`;

/**
 * Fills a database of phase 4 with about so many rows of three years, of a book that can be proved: a trader for every
 * 200 rows, a quarter of them disabled, orders and their fills in pairs that open and close a position, 30 sessions a
 * trader, of which one in 100 never ended, five risk rules each, an idempotency key for every 16 rows,
 * and for the other half notifications. In one
 * transaction, whose audit rows are those of all. Nothing is within an hour after a retention period of docs/schema.md, so
 * that what is due does not change meanwhile.
 */
export async function fillHistory(db: TestDatabase, rows: number): Promise<void> {
  const traders = Math.ceil(rows / 200);
  const trader = (n: string) => `'trader_' || (${n}) % ${traders}`;
  const pairs = traders * 10;
  const credited = '10 * (k % 21 - 10)';
  // The kth pair belongs to every third session of its trader.
  const session = ID('ses', `k % ${traders} * 30 + k / ${traders} * 3`);
  const pairAt = AGO(`1 - (k / ${traders} * 3 + 0.5) / 30`);
  await db.query(
    [
      // History of ours: no other program is to be recorded or held.
      "SET LOCAL application_name = 'pinnacle/history'",
      `INSERT INTO users (user_id, name, email, api_key, total_capital, enabled, created_at)
       SELECT ${trader('n')}, 'A', n || '@example.com', md5(n::text), 1000000 + coalesce(p.credited, 0), n % 4 <> 1, ${AGO('1')}
       FROM generate_series(0, ${traders - 1}) n
       LEFT JOIN (SELECT k % ${traders} AS n, sum(${credited}) AS credited FROM generate_series(0, ${pairs - 1}) k
         GROUP BY 1) p USING (n)`,
      `INSERT INTO audit_log (command, target, body)
       SELECT 'user import', 'user ' || user_id, '{"user":{"total_capital":"1000000.00"}}' FROM users`,
      `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, filled_quantity, filled_price, status,
         created_at, updated_at)
       SELECT ${ID('ord', 'k * 2 + leg')}, ${trader('k')}, 'SYM' || k % 50, CASE leg WHEN 0 THEN 'BUY' ELSE 'SELL' END::order_side,
         'LIMIT', 10, 100, 10, 100 + leg * (k % 21 - 10), 'FILLED', ${pairAt}, ${pairAt}
       FROM generate_series(0, ${pairs - 1}) k CROSS JOIN generate_series(0, 1) leg`,
      `INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price, realized_pnl, order_id,
         status, opened_at, closed_at)
       SELECT ${ID('pos', 'k')}, ${trader('k')}, 'SYM' || k % 50, 'LONG', 0, 100, 100, ${credited}, ${ID('ord', 'k * 2')}, 'CLOSED',
         ${pairAt}, ${pairAt}
       FROM generate_series(0, ${pairs - 1}) k`,
      `INSERT INTO order_fills (fill_id, order_id, broker_fill_id, quantity, price, executed_at, position_id, realized_pnl, session_id)
       SELECT ${ID('fil', 'k * 2 + leg')}, ${ID('ord', 'k * 2 + leg')}, 'f' || k || leg, 10, 100 + leg * (k % 21 - 10), ${pairAt},
         ${ID('pos', 'k')}, leg * ${credited}, ${session}
       FROM generate_series(0, ${pairs - 1}) k CROSS JOIN generate_series(0, 1) leg ORDER BY k, leg`,
      `INSERT INTO trading_sessions (session_id, user_id, start_time, end_time, status, total_orders, successful_orders, total_pnl,
         capital_at_start, capital_at_end)
       SELECT ${ID('ses', 'n * 30 + m')}, ${trader('n')}, start, CASE WHEN NOT runs THEN start + interval '6 hours' END,
         CASE WHEN runs THEN 'ACTIVE' ELSE 'COMPLETED' END::session_status, p.orders, p.orders, p.credited,
         1000000, CASE WHEN NOT runs THEN 1000000 + p.credited END
       FROM generate_series(0, ${traders - 1}) n CROSS JOIN generate_series(0, 29) m
       CROSS JOIN LATERAL (SELECT ${AGO('1 - m / 30.0')} AS start, m = 1 AND n % 100 = 0 AS runs, m / 3 * ${traders} + n AS k) s
       CROSS JOIN LATERAL (
         SELECT CASE m % 3 WHEN 0 THEN 2 ELSE 0 END AS orders, CASE m % 3 WHEN 0 THEN ${credited} ELSE 0 END AS credited
       ) p`,
      `INSERT INTO risk_rules (rule_id, user_id, rule_type, rule_value, updated_at)
       SELECT ${ID('rul', 'n * 5 + type::integer')}, ${trader('n')}, (enum_range(NULL::rule_type))[type + 1], 1000000,
         ${AGO(`(n * 5 + type) / ${traders * 5}.0`)}
       FROM generate_series(0, ${traders - 1}) n CROSS JOIN generate_series(0, 4) type`,
      `INSERT INTO notifications (notification_id, user_id, notification_type, title, message, created_at, read_at)
       SELECT ${ID('ntf', 'i')}, CASE WHEN i % 1000 > 0 THEN ${trader('i')} END, 'ORDER_FILLED', 'Filled', 'Filled at 100.05', at,
         CASE i % 2 WHEN 0 THEN at END
       FROM generate_series(1, ${Math.floor(rows / 2)}) i CROSS JOIN LATERAL (SELECT ${AGO(`i / ${rows / 2}.0`)} AS at) a`,
      `INSERT INTO idempotency_keys (key, command, request, result, at)
       SELECT 'key_' || i, 'order place', md5(i::text), '{"kind":"rows","data":[]}', ${AGO(`i / ${rows / 16}.0`)}
       FROM generate_series(1, ${Math.floor(rows / 16)}) i`,
      ...[
        ['trading_sessions', 'end_time', '1 year'],
        ['risk_rules', 'updated_at', '1 year'],
        ['notifications', 'created_at', '30 days'],
        ['idempotency_keys', 'at', '7 days'],
      ].map(
        ([table, time, limit]) =>
          `DELETE FROM ${table} WHERE ${time} >= now() - interval '${limit}' AND ${time} < now() - interval '${limit}' + interval '1 hour'`,
      ),
    ].join(';\n'),
  );
  await db.query('ANALYZE');
}
