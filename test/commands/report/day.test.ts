import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
      {
        what: `2 users with positions but no equity snapshot. Run: pinnacle report snapshot ${found.day}`,
      },
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
    expect(html).toContain('<p>Halts of the day: None.</p>');
    expect(html).not.toMatch(/<script|margin <b>/);
    expect((await db.cli('report', 'day', '--output', output)).code).not.toBe(0);
    expect((await db.cli('report', 'day', '--output', output, '--force')).code).toBe(0);
  });

  it('another day has nothing of this one', async () => {
    const { code, found } = await report('--date', '2024-03-04');
    expect(code).toBe(0);
    expect(found).toMatchObject({ day: '2024-03-04', traders: [], orders: [], positions: [], breaches: [] });
    expect(await report('--date', '2999-01-01')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--date 2999-01-01'),
    });
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
    expect(all).toContain('1 order neither filled nor ended');
  });
});

const TRADES = `trade_id,symbol,side,quantity,price,executed_at,strategy_id
H1,TCS,BUY,10,100,2024-03-04T10:00:00+05:30,`;

describe.each(databases)('report day after the latest day of trading on $name', ({ open }) => {
  let db: TestDatabase;
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-day-'));
  const attention = async (...flags: string[]) => {
    const { code, stdout, stderr } = await db.cli('report', 'day', '--json', ...flags);
    expect([0, 6], stderr).toContain(code);
    const { day, attention } = JSON.parse(stdout) as Report;
    return { code, day, needs: (attention ?? []).map(({ what }) => String(what)) };
  };

  beforeAll(async () => {
    db = await open();
    await given.user(db);
    const { code, stderr } = await db.cliWith(
      { stdin: TRADES },
      ...words('order import - --as trades --user trader_001'),
    );
    expect(code, stderr).toBe(0);
    // Whatever day it is, nobody trades today or yesterday.
    await db.query(
      `INSERT INTO market_days (exchange, day, name, kind, source)
       SELECT 'NSE', (now() AT TIME ZONE 'Asia/Kolkata')::date - i, 'H', 'HOLIDAY', 'test' FROM generate_series(0, 1) i`,
    );
  });
  afterAll(async () => {
    await db.close();
    rmSync(folder, { recursive: true });
  });

  it('nobody lacks a snapshot of a day before they were there, and report snapshot says so', async () => {
    const { code, day, needs } = await attention();
    expect({ code, needs }).toEqual({ code: 0, needs: [] });
    expect(day > '2024-03-04').toBe(true);
    const { stdout, stderr } = await db.cli('report', 'snapshot', '--json');
    expect(JSON.parse(stdout)).toEqual([]);
    expect(stderr).toContain(`Nobody was there on ${day}`);
  });

  it('nor of one without trading', async () => {
    await db.query("UPDATE users SET created_at = created_at - interval '30 days'");
    const { rows } = await db.query(
      "SELECT to_char((now() AT TIME ZONE 'Asia/Kolkata')::date, 'YYYY-MM-DD') AS today",
    );
    expect((await attention('--date', String(rows[0]?.['today']))).needs).toEqual([]);
    const { day, needs } = await attention();
    expect(needs).toEqual([
      `1 user with positions but no equity snapshot. Run: pinnacle report snapshot ${day}`,
    ]);
  });

  it('has a halt that began since, and orders that work since before', async () => {
    for (const symbol of ['ITC', 'SBIN']) await given.order(db, { symbol });
    await db.query("UPDATE orders SET created_at = now() - interval '19 days' WHERE symbol = 'ITC'");
    await given.user(db, 'trader_002');
    await db.json(...words('risk halt trader_002 --reason r --yes'));
    const { code, needs } = await attention();
    expect(code).toBe(6);
    expect(needs).toContain('Trading is halted by 1 halt. See: pinnacle risk status');
    expect(needs).toContain(
      '2 orders neither filled nor ended, PENDING, 1 of earlier days. See: pinnacle order list --status PENDING',
    );
  });

  it('every hint is a command that there is', async () => {
    const { day } = await attention();
    await db.cli('report', 'snapshot', '--day', day);
    const rule = ['--user', 'trader_002', '--type', 'MAX_ORDER_VALUE', '--value', '1'];
    await db.cli('risk', 'set', ...rule);
    await db.query('UPDATE risk_rules SET is_violated = true');
    await db.query("UPDATE users SET total_capital = 5 WHERE user_id = 'trader_002'");
    const prices = join(folder, 'prices.csv');
    writeFileSync(prices, `date,symbol,close\n${day},TCS,110`);
    const earlier = String(
      (
        await db.query(
          "SELECT to_char(created_at + interval '330 minutes', 'YYYY-MM-DD') AS day FROM orders WHERE symbol = 'ITC'",
        )
      ).rows[0]?.['day'],
    );
    const needs = [...(await attention()).needs, ...(await attention('--date', earlier)).needs];
    const hints = needs.map((what) => /(?:Run|See): pinnacle (.+)$/.exec(what)?.[1] ?? what);
    expect(hints).toEqual(
      expect.arrayContaining(['doctor ledger', 'risk status', 'report rebuild --prices FILE']),
    );
    for (const hint of new Set(hints)) {
      const { code, stderr } = await db.cli(...words(hint.replace('FILE', prices)));
      expect([0, 6], `${hint}: ${stderr}`).toContain(code);
    }
    expect((await attention()).needs.join('\n')).not.toContain('lack a price');
  });
});
