import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

type Row = Record<string, unknown>;
type Report = Record<string, Row[]> & { day: string; ledger: string };

describe.each(databases)('report day on $name', ({ open }) => {
  let db: TestDatabase;
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-day-'));
  const report = async (...flags: string[]) => {
    const { code, stdout, stderr } = await db.cli('report', 'day', '--json', ...flags);
    return { code, stderr, found: JSON.parse(stdout || '{}') as Report };
  };

  beforeAll(async () => {
    db = await open();
    for (const user of ['trader_001', 'trader_002', 'trader_003']) await given.user(db, user);
    await given.position(db, { user: 'trader_001', symbol: 'TCS', quantity: 10, price: 100 });
    await given.position(db, { user: 'trader_001', symbol: 'TCS', side: 'SELL', quantity: 4, price: 90 });
    await given.position(db, { user: 'trader_002', symbol: 'INFY', side: 'SELL', quantity: 5, price: 50 });
    for (const reason of ['margin <b>', 'margin <b>']) {
      const order = await given.order(db, { user: 'trader_002', symbol: 'ITC' });
      await db.json('order', 'reject', order, '--reason', reason);
    }
    await db.json('position', 'mark', 'TCS=95', 'INFY=48');
  });
  afterAll(async () => {
    await db.close();
    rmSync(folder, { recursive: true });
  });

  it('needs a person where nobody took down what users are worth', async () => {
    const { code, found } = await report();
    expect(code).toBe(6);
    expect(found['attention']).toEqual([
      { what: '2 users with positions but no equity snapshot. Run: pinnacle report snapshot' },
    ]);
  });

  it('has traders with what they earned, the worst first, orders, rejections and positions', async () => {
    await db.json('report', 'snapshot');
    const { code, found, stderr } = await report();
    expect(code, stderr).toBe(0);
    expect(found['attention']).toEqual([]);
    expect(found.ledger).toMatch(/^\d+ invariants hold$/);
    expect(found['traders']).toMatchObject([
      {
        user_id: 'trader_001',
        gross_pnl: '-40.00',
        net_pnl: '-40.00',
        unrealized_pnl: '-30.00',
        orders: 2,
        executions: 2,
        rejected: 0,
        halted: false,
      },
      {
        user_id: 'trader_002',
        gross_pnl: '0.00',
        unrealized_pnl: '10.00',
        orders: 3,
        executions: 1,
        rejected: 2,
      },
    ]);
    expect(found['orders']).toEqual([
      { status: 'FILLED', orders: 3 },
      { status: 'REJECTED', orders: 2 },
    ]);
    expect(found['rejections']).toEqual([{ reason: 'margin <b>', orders: 2, users: 1 }]);
    expect(found['positions']).toMatchObject([
      {
        user_id: 'trader_001',
        symbol: 'TCS',
        side: 'LONG',
        quantity: 6,
        worth: '570.00',
        unrealized_pnl: '-30.00',
      },
      {
        user_id: 'trader_002',
        symbol: 'INFY',
        side: 'SHORT',
        quantity: 5,
        worth: '240.00',
        unrealized_pnl: '10.00',
      },
    ]);
  });

  it('is one page without script, in which foreign text is text', async () => {
    const output = join(folder, 'day.html');
    const { file } = await db.json('report', 'day', '--output', output);
    expect(file).toBe(output);
    const html = readFileSync(output, 'utf8');
    expect(html).toContain('trader_002');
    expect(html).toContain('margin &lt;b&gt;');
    expect(html).not.toMatch(/<script|margin <b>/);
    expect((await db.cli('report', 'day', '--output', output)).code).not.toBe(0);
    expect((await db.cli('report', 'day', '--output', output, '--force')).code).toBe(0);
  });

  it('another day has nothing of this one', async () => {
    const { code, found } = await report('--date', '2024-03-04');
    expect(code).toBe(0);
    expect(found).toMatchObject({ day: '2024-03-04', traders: [], orders: [], positions: [], breaches: [] });
    expect((await report('--date', '2999-01-01')).code).toBe(2);
  });

  it('has everybody who ordered anything', async () => {
    await db.query(
      `INSERT INTO users (user_id, name, email, api_key) SELECT 'many' || i, 'M', 'm' || i, 'k' || i FROM generate_series(1, 300) i`,
    );
    await db.query(
      `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, status)
       SELECT 'o' || i, 'many' || i, 'TCS', 'BUY', 'LIMIT', 1, 1, 'CANCELLED' FROM generate_series(1, 300) i`,
    );
    const { found } = await report();
    expect(found['traders']).toHaveLength(302);
  });

  it('names halts, working orders and a ledger that does not add up', async () => {
    await given.order(db, { user: 'trader_003', symbol: 'SBIN' });
    await db.json(...words('risk halt trader_002 --reason r --yes'));
    await db.query("UPDATE users SET total_capital = 5 WHERE user_id = 'trader_001'");
    const output = join(folder, 'found.html');
    await db.refused('report day --output day.csv', { code: 2, stderr: /\.csv is the ending of none/ });
    const { code } = await db.cli('report', 'day', '--output', output);
    expect(code).toBe(6);
    expect(existsSync(output)).toBe(true);
    const { found } = await report();
    expect(found['halts']).toMatchObject([{ user_id: 'trader_002', reason: 'r', resumed_at: null }]);
    const all = found['attention']?.map(({ what }) => what).join('\n');
    expect(all).toContain('capital');
    expect(all).toContain('halted by 1 halt');
    expect(all).toContain('1 order of the day neither filled nor ended');
  });
});
