import { afterAll, expect, it } from 'vitest';
import { servers } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { orderRow, savedBooks, tradeRow } from './saved-books.ts';

const books = savedBooks();
afterAll(() => books.remove());
const ORDERS = 2_000;

it.each(servers)('repairs thousands of orders at once, also twice at a time, on $name', async ({ open }) => {
  const db = await open();
  await given.user(db);
  await db.query('BEGIN');
  await db.query("SET LOCAL application_name = 'pinnacle/test'");
  await db.query(
    `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, order_tag)
     SELECT 'o' || n, 'trader_001', 'SBIN', 'BUY', 'LIMIT', 10, 100, 'T' || n FROM generate_series(1, ${ORDERS}) n`,
  );
  await db.query(
    `INSERT INTO broker_calls (call_id, user_id, order_id, verb, tag, request, outcome)
     SELECT 'cal_' || n, 'trader_001', 'o' || n, 'place', 'T' || n, '{}', 'unknown' FROM generate_series(1, ${ORDERS}) n`,
  );
  await db.query('COMMIT');
  const each = Array.from({ length: ORDERS }, (_, i) => i + 1);
  await books.save('trader_001', {
    orders: each.map((n) =>
      orderRow({
        orderid: n,
        ordertag: `T${n}`,
        status: 'complete',
        orderstatus: 'complete',
        filledshares: '10',
      }),
    ),
    trades: each.flatMap((n) => [
      tradeRow({ orderid: n, fillid: `${n}a`, fillsize: '4' }),
      tradeRow({ orderid: n, fillid: `${n}b`, fillsize: '6' }),
    ]),
  });
  const argv = ['reconcile', 'orders', 'trader_001', '--apply', 'ORDER_UNACKNOWLEDGED,FILL_MISSING', '--yes'];
  const started = performance.now();
  const runs = await Promise.all(
    [1, 2].map(() => db.cliWith({ env: books.env }, ...argv, '--json', 'applied')),
  );
  const ms = performance.now() - started;
  process.stderr.write(`${ORDERS} orders, ${2 * ORDERS} fills, twice: ${Math.round(ms)} ms\n`);
  const applied = runs.map(
    ({ stdout }) => (JSON.parse(stdout) as { applied: boolean }[]).filter((row) => row.applied).length,
  );
  expect(applied.reduce((sum, count) => sum + count, 0)).toBe(3 * ORDERS);
  const { rows } = await db.query(
    "SELECT count(*)::int AS fills, (SELECT quantity FROM positions WHERE status = 'OPEN') AS shares FROM order_fills",
  );
  expect(rows).toEqual([{ fills: 2 * ORDERS, shares: 10 * ORDERS }]);
  expect((await db.cliWith({ env: books.env }, 'reconcile', 'orders', 'trader_001')).code).toBe(0);
  expect((await db.cli('doctor', 'ledger', '--strict')).code).toBe(0);
  await db.close();
});
