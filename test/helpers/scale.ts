import { cli } from './cli.ts';
import { runSql } from './postgres.ts';

const USERS = 100;
/** The trader of a third of all orders and positions; the others share the rest. */
export const HEAVY = 'heavy';
/** A trader like most. */
export const USUAL = 'trader_42';

/**
 * Rolls the schema out and fills it: `orders` orders over three years, with positions, sessions, notifications and audit
 * entries in proportion.
 */
export async function fillBook(url: string, orders: number): Promise<void> {
  // The indexes of phase 4 are made faster than they grow.
  await migrate(url, '3');
  await runSql(url, ...statements(orders));
  await migrate(url, '4');
  await runSql(url, 'VACUUM ANALYZE');
}

async function migrate(url: string, phase: string): Promise<void> {
  const { code, stderr } = await cli(['migrate', 'up', '--strict', '--to', phase], {
    env: { DATABASE_URL: url },
  });
  if (code !== 0) throw new Error(stderr);
}

const START = "timestamp '2023-11-20'";
const ID = "lpad(to_hex(i), 26, '0')";

function statements(orders: number): string[] {
  const at = `${START} + make_interval(secs => i * ${(1096 * 86_400) / orders})`;
  // Scattered, and the same every time.
  const random = (n: number) => `(hashint8(i)::bigint + 2147483648) / ${n} % `;
  const trader = `CASE WHEN ${random(1)} 3 = 0 THEN '${HEAVY}' ELSE 'trader_' || ${random(3)} ${USERS} END`;
  const strategy = `CASE WHEN i % 2000 = 1 THEN 'rare' WHEN i % 5 > 0 THEN 'strategy_' || ${random(300)} 20 END`;
  return [
    `INSERT INTO users (user_id, name, email, api_key)
     SELECT u, u, u || '@example.com', md5(u)
     FROM (SELECT '${HEAVY}' AS u UNION ALL SELECT 'trader_' || i FROM generate_series(0, ${USERS - 1}) i) u`,
    `INSERT INTO orders (order_id, user_id, strategy_id, symbol, side, order_type, quantity, price, filled_quantity, status,
       created_at, updated_at)
     SELECT 'ord_' || ${ID}, ${trader}, ${strategy}, 'SYM' || ${random(7)} 200, 'BUY', 'LIMIT', 10, 100 + i % 50,
       CASE WHEN i % 200 = 7 OR i % 7 = 0 THEN 0 ELSE 10 END,
       CASE WHEN i % 200 = 7 THEN 'PENDING' WHEN i % 7 = 0 THEN 'CANCELLED' ELSE 'FILLED' END::order_status,
       ${at}, ${at}
     FROM generate_series(1, ${orders}) i`,
    `INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price, strategy_id, order_id,
       status, opened_at, closed_at)
     SELECT 'pos_' || ${ID}, ${trader}, 'SYM' || ${random(7)} 200, 'LONG', CASE WHEN open THEN 10 ELSE 0 END, 100, 101,
       'open_' || i, 'ord_' || ${ID}, CASE WHEN open THEN 'OPEN' ELSE 'CLOSED' END::position_status,
       ${at}, CASE WHEN open THEN NULL ELSE ${at} END
     FROM (SELECT i, i % 1000 = 1 AS open FROM generate_series(1, ${orders}, 5) i) i`,
    `INSERT INTO order_fills (fill_id, order_id, broker_fill_id, quantity, price, executed_at, position_id)
     SELECT 'fil_' || ${ID}, 'ord_' || ${ID}, i, 10, 100, ${at}, 'pos_' || ${ID} FROM generate_series(1, ${orders}, 5) i`,
    `INSERT INTO trading_sessions (session_id, user_id, status, start_time, capital_at_start, peak_equity)
     SELECT 'ses_' || ${ID}, ${trader}, 'COMPLETED', ${at}, 1000000, 1000000
     FROM generate_series(1, ${orders}, 50) i`,
    `INSERT INTO notifications (notification_id, user_id, notification_type, alert_level, title, message, created_at, read_at)
     SELECT 'ntf_' || ${ID}, CASE WHEN i % 1000 > 1 THEN ${trader} END, 'ORDER_FILLED', 'INFO', 'Filled', 'Filled',
       ${at}, CASE WHEN ${random(11)} 100 > 0 THEN ${at} END
     FROM generate_series(1, ${orders}, 10) i`,
    `INSERT INTO audit_log (command, target, body)
     SELECT CASE WHEN i % 2000 = 1 THEN 'denied' ELSE 'order place' END, 'order ' || i, '{}'
     FROM generate_series(1, ${orders}, 4) i`,
  ];
}

/** The cursor of `order list` behind which its nth page begins. */
export async function pageCursor(url: string, page: number): Promise<string> {
  const [last] = await runSql(
    url,
    `SELECT to_char(created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS at, order_id AS id FROM orders
     ORDER BY created_at DESC, order_id DESC OFFSET ${(page - 1) * 50 - 1} LIMIT 1`,
  );
  return Buffer.from(JSON.stringify([last?.['at'], last?.['id']])).toString('base64url');
}
