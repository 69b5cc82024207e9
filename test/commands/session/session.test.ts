import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

type Row = Record<string, unknown>;

describe.each(databases)('a trading session on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db);
  });
  afterAll(() => db.close());

  const session = (line: string) => db.json(...words(`session ${line}`));

  it('is not there before it is started', async () => {
    const absent = { code: 3, error: 'SESSION_NOT_FOUND' };
    for (const line of ['end --user trader_001', 'show --user trader_001'])
      await db.refused(`session ${line}`, { ...absent, stderr: 'session start trader_001' });
    await db.refused('session show --user nobody', { code: 3, error: 'USER_NOT_FOUND' });
    await db.refused('session show', { code: 2 });
    await db.refused('session show ses_1', absent);
    await db.refused('session show ses_1 --user trader_001', { code: 2 });
  });

  it('starts with the capital of the account, once', async () => {
    const started = await session('start --user trader_001');
    expect(started).toMatchObject({
      status: 'ACTIVE',
      capital_at_start: '1000000.00',
      peak_equity: '1000000.00',
      capital_at_end: null,
      end_time: null,
      total_orders: 0,
    });
    const again = await db.refused('session start --user trader_001', { code: 5 });
    expect(again.message).toContain(started['session_id']);
    expect(again.hint).toContain('session end trader_001');
    expect(await db.audits('session %')).toMatchObject([
      { command: 'session start', target: `session ${started['session_id']}` },
    ]);
  });

  it('shows equity and drawdown while it runs, then the final numbers', async () => {
    await given.position(db, { quantity: 100, price: 1_000 });
    await given.position(db, { side: 'SELL', quantity: 50, price: 1_200 });
    await db.query("UPDATE positions SET unrealized_pnl = -51200.004 WHERE status = 'OPEN'");
    const running = await session('show --user trader_001');
    expect(running).toMatchObject({
      total_orders: 2,
      successful_orders: 2,
      total_pnl: '10000.00',
      equity: '958800.00',
      peak_equity: '1020000.00',
    });
    expect(running['drawdown']).toBeCloseTo(6, 10);
    expect(await session(`show ${running['session_id']}`)).toEqual(running);
    const ended = await session('end --user trader_001');
    expect(ended).toMatchObject({
      session_id: running['session_id'],
      status: 'COMPLETED',
      total_pnl: '10000.00',
      capital_at_start: '1000000.00',
      capital_at_end: '1010000.00',
      end_time: expect.any(String),
    });
    expect(await session('show --user trader_001')).toEqual({ ...ended, equity: null, drawdown: null });
    await db.refused('session end --user trader_001', { code: 3 });
  });

  it('is listed newest first, page by page; of a trader the running one is shown', async () => {
    await given.user(db, 'trader_002');
    await session('start --user trader_002');
    const second = await session('start --user trader_001');
    // Started before the other ended, as clocks may have it: what runs counts, not what is newest.
    await db.query("UPDATE trading_sessions SET start_time = '2026-01-01' WHERE session_id = $1", [
      second['session_id'],
    ]);
    expect(await session('show --user trader_001')).toMatchObject({ session_id: second['session_id'] });
    const all = await db.json<Row[]>(...words('session list --all'));
    expect(all.map(({ user_id, status }) => `${user_id} ${status}`)).toEqual([
      'trader_002 ACTIVE',
      'trader_001 COMPLETED',
      'trader_001 ACTIVE',
    ]);
    const first = await db.cli(...words('session list --limit 1 --json'));
    const cursor = /--after (\S+)/.exec(first.stderr)?.[1] ?? '';
    const rest = await db.json<Row[]>('session', 'list', '--after', cursor);
    expect([...JSON.parse(first.stdout), ...rest]).toEqual(all);
    const some = await db.json<Row[]>(
      ...words('session list --user trader_001 --status active --since 2025-12-31'),
    );
    expect(some.map((row) => row['session_id'])).toEqual([second['session_id']]);
    expect(await db.json(...words('session list --user trader_001 --status active --since 1h'))).toEqual([]);
  });

  it('is recomputed from its fills, as doctor ledger wants it', async () => {
    const { rows } = await db.query(
      `UPDATE trading_sessions SET total_pnl = 7, successful_orders = 9, capital_at_end = 1
       WHERE user_id = 'trader_001' AND status = 'COMPLETED' RETURNING session_id`,
    );
    const id = String(rows[0]?.['session_id']);
    const faults = async () =>
      JSON.parse((await db.cli(...words('doctor ledger --user trader_001 --json'))).stdout).filter(
        ({ check, id }: Row) => check === 'session_totals' && id !== null,
      ).length;
    expect(await faults()).toBe(1);
    const right = { total_pnl: 10_000, successful_orders: 2, capital_at_end: 1_010_000 };
    expect(await session(`recompute ${id}`)).toMatchObject({
      ...right,
      total_pnl: '10000.00',
      capital_at_end: '1010000.00',
    });
    expect(await faults()).toBe(0);
    const entries = await db.audits('session recompute');
    expect(entries).toMatchObject([
      { target: `session ${id}`, body: { before: { total_pnl: 7 }, after: right } },
    ]);
    await session(`recompute ${id}`);
    expect(await db.audits('session recompute')).toHaveLength(1);
    await db.refused('session recompute ses_1', { code: 3, error: 'SESSION_NOT_FOUND' });
  });

  it('is not started for a trader who is disabled or not there', async () => {
    await given.user(db, 'trader_003');
    await db.query("UPDATE users SET enabled = false WHERE user_id = 'trader_003'");
    await given.user(db, 'trader_004');
    await db.query(
      "UPDATE trading_sessions SET start_time = now() AT TIME ZONE 'UTC' WHERE status = 'ACTIVE'",
    );
    const start = () => db.json<Row[]>(...words('session start --all'));
    expect(await start()).toMatchObject([
      { user_id: 'trader_004', status: 'ACTIVE', capital_at_start: '1000000.00' },
    ]);
    expect(await start()).toEqual([]);
    expect((await db.audits('session start')).at(-1)).toMatchObject({
      target: 'sessions',
      body: { started: 1 },
    });
    await db.refused('session start --all --user trader_004', { code: 2 });
    await db.refused('session start --user trader_003', { code: 5, error: 'USER_DISABLED' });
    await db.refused('session start --user nobody', { code: 3, error: 'USER_NOT_FOUND' });
  });
});

describe.each(servers)('a trading session on a $name of phase 3', ({ open }) => {
  it('is one at most, however many start it at once', async () => {
    const db = await open(3);
    await given.user(db);
    const start = () => db.cli(...words('session start --user trader_001'));
    const ended = await Promise.all(Array.from({ length: 8 }, start));
    expect(ended.map(({ code }) => code).sort()).toEqual([0, 5, 5, 5, 5, 5, 5, 5]);
    const { rows } = await db.query('SELECT count(*)::int AS n FROM trading_sessions');
    expect(rows).toEqual([{ n: 1 }]);
    await db.close();
  });
});

describe.each(servers)('the drawdown of a session on a $name', ({ open }) => {
  // A share of doubles has 28.999999999999996 for it.
  it.each([
    ['a mark', 'position mark TCS=210'],
    ['a fill', 'order fill sold --quantity 1 --price 210'],
  ])('reaches a limit of 29 percent with %s that takes 29 percent', async (_, line) => {
    const db = await open();
    await given.user(db);
    const run = (each: string) => db.json(...words(each));
    await run('order place --user trader_001 --symbol TCS --side BUY --quantity 1000 --order-id bought');
    await run('order fill bought --quantity 1000 --price 500');
    await run('order place --user trader_001 --symbol TCS --side SELL --quantity 1 --order-id sold');
    await run('session start --user trader_001');
    await run('risk set trader_001 MAX_DRAWDOWN 29');
    await run(line);
    expect(await run('session show --user trader_001')).toMatchObject({ max_drawdown: 29, drawdown: 29 });
    const entry = await db.cli(
      ...words('order place --user trader_001 --symbol TCS --side BUY --quantity 1'),
    );
    expect(entry.code).toBe(5);
    expect(entry.stderr).toContain('MAX_DRAWDOWN: current=29 limit=29');
    await db.close();
  });
});

describe.each(databases)('history that is imported while a session runs, on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db);
    for (const rule of ['MAX_DAILY_LOSS 1000', 'MAX_DRAWDOWN 1'])
      await db.json(...words(`risk set trader_001 ${rule}`));
    await db.json(...words('session start --user trader_001'));
  });
  afterAll(() => db.close());

  const load = async (...trades: string[]) => {
    const stdin = ['trade_id,symbol,side,quantity,price,executed_at', ...trades].join('\n');
    const { code, stderr } = await db.cliWith(
      { stdin },
      ...words('order import - --as trades --user trader_001'),
    );
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  };
  const shown = () => db.json(...words('session show --user trader_001'));
  const violated = async () => {
    const { stdout } = await db.cli(...words('risk check trader_001 --json'));
    return (JSON.parse(stdout) as Row[])
      .filter(({ verdict }) => verdict !== 'ok')
      .map((row) => row['rule_type']);
  };

  it('is no loss of today: it moves what the session started with', async () => {
    await load('A1,TCS,BUY,100,4000,2026-01-05 10:00', 'A2,TCS,SELL,100,3000,2026-01-06 10:00');
    expect(await shown()).toMatchObject({
      ...{ capital_at_start: '900000.00', total_pnl: '0.00', peak_equity: '900000.00', equity: '900000.00' },
      ...{ max_drawdown: 0, total_orders: 0, successful_orders: 0 },
    });
    expect(await violated()).toEqual([]);
  });

  it('is told from a loss of today, and from gains and open positions of the past', async () => {
    await load('B1,INFY,BUY,100,1000,2026-01-05 10:00', 'B2,INFY,SELL,50,1200,2026-01-06 10:00');
    // 50 shares are still held, marked 200 above their cost.
    expect(await shown()).toMatchObject({
      ...{ capital_at_start: '910000.00', total_pnl: '0.00', peak_equity: '920000.00', equity: '920000.00' },
      ...{ max_drawdown: 0, total_orders: 0 },
    });
    await given.position(db, { symbol: 'TCS', quantity: 10, price: 4_000 });
    await given.position(db, { symbol: 'TCS', side: 'SELL', quantity: 10, price: 3_800 });
    expect(await shown()).toMatchObject({ total_pnl: '-2000.00', total_orders: 2, successful_orders: 2 });
    expect(await violated()).toEqual([]);
    await given.position(db, { symbol: 'TCS', quantity: 50, price: 4_000 });
    await given.position(db, { symbol: 'TCS', side: 'SELL', quantity: 50, price: 3_800 });
    expect(await violated()).toEqual(['MAX_DRAWDOWN', 'MAX_DAILY_LOSS']);
    expect((await db.cli(...words('doctor ledger'))).code).toBe(0);
    const ended = await db.json(...words('session end --user trader_001'));
    expect(ended).toMatchObject({ total_pnl: '-12000.00', capital_at_end: '898000.00' });
    expect((await db.cli(...words('doctor ledger'))).code).toBe(0);
  });
});
