import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databases, servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

interface Row {
  user_id: string;
  rule_type: string;
  current: number | null;
  verdict: string;
  newly: boolean;
  message: string;
}

const setRule = (db: TestDatabase, user: string, type: string, value: number) =>
  db.query(
    `INSERT INTO risk_rules (rule_id, user_id, rule_type, rule_value) VALUES ($1, $2, $3, $4)
     ON CONFLICT (user_id, rule_type) DO UPDATE SET rule_value = excluded.rule_value`,
    [`${user}_${type}`, user, type, value],
  );
const startSession = (db: TestDatabase, user: string, drawdown: number) =>
  db.query(
    'INSERT INTO trading_sessions (session_id, user_id, capital_at_start, max_drawdown) VALUES ($1, $1, 1, $2)',
    [user, drawdown],
  );
const alerts = async (db: TestDatabase) =>
  (
    await db.query(
      'SELECT user_id, alert_level::text AS level, title, message FROM notifications ORDER BY created_at, user_id, title',
    )
  ).rows;

describe.each(databases)('risk check on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    for (const id of ['a', 'b', 'c']) await given.user(db, id);
    // a is long 30 TCS in two strategies and short 5 INFY; b is flat; c has lost today.
    await db.query(
      `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, filled_quantity, status, created_at) VALUES
         ('o1', 'a', 'TCS', 'BUY', 'MARKET', 30, 100, 30, 'FILLED', now()),
         ('o2', 'a', 'TCS', 'BUY', 'MARKET', 1, 100, 0, 'REJECTED', now()),
         ('o3', 'a', 'TCS', 'BUY', 'MARKET', 1, 100, 0, 'CANCELLED', now() - interval '25 hours'),
         ('o4', 'c', 'TCS', 'BUY', 'MARKET', 10, 100, 10, 'FILLED', now())`,
    );
    await db.query(
      `INSERT INTO positions (position_id, user_id, strategy_id, symbol, side, quantity, average_price, current_price,
         unrealized_pnl, realized_pnl, status, closed_at) VALUES
         ('p1', 'a', 's1', 'TCS', 'LONG', 10, 100, 100, -60.5, 0, 'OPEN', NULL),
         ('p2', 'a', 's2', 'TCS', 'LONG', 20, 100, 100, 10.25, 0, 'OPEN', NULL),
         ('p3', 'a', NULL, 'INFY', 'SHORT', 5, 50, 50, 0.25, 0, 'OPEN', NULL),
         ('p4', 'c', NULL, 'TCS', 'LONG', 0, 100, 100, 0, -30, 'CLOSED', now())`,
    );
    await db.query(
      `INSERT INTO order_fills (fill_id, order_id, broker_fill_id, quantity, price, executed_at, position_id, realized_pnl) VALUES
         ('f1', 'o4', 'b1', 5, 100, now(), 'p4', -20.1), ('f2', 'o4', 'b2', 5, 100, now(), 'p4', -9.9),
         ('f3', 'o1', 'b1', 5, 100, now() - interval '25 hours', 'p1', -500)`,
    );
  });
  afterAll(() => db.close());
  beforeEach(async () => {
    for (const table of ['risk_rules', 'trading_sessions', 'notifications'])
      await db.query(`DELETE FROM ${table}`);
  });

  const check = async (line = '') => {
    const { code, stdout } = await db.cli(...words(`risk check ${line} --json`));
    return { code, rows: JSON.parse(stdout) as Row[] };
  };
  const stored = async () =>
    Object.fromEntries(
      (
        await db.query(
          'SELECT user_id, rule_type::text, current_value, is_violated, violation_message FROM risk_rules ORDER BY 1, risk_rules.rule_type',
        )
      ).rows.map(({ user_id, rule_type, ...rest }) => [`${user_id} ${rule_type}`, Object.values(rest)]),
    );

  it('measures each rule, and takes it as violated at its edge and not before', async () => {
    await startSession(db, 'a', 10);
    await startSession(db, 'b', 10);
    const edges: [user: string, rule: string, value: number, violated: boolean][] = [
      ['a', 'MAX_POSITION_SIZE', 2_999.99, true],
      ['b', 'MAX_POSITION_SIZE', 1, false],
      ['a', 'MAX_DRAWDOWN', 10, true],
      ['b', 'MAX_DRAWDOWN', 10.01, false],
      ['a', 'MAX_DAILY_LOSS', 50.01, false],
      ['c', 'MAX_DAILY_LOSS', 30, true],
      ['a', 'MAX_ORDERS_PER_DAY', 1, true],
      ['c', 'MAX_ORDERS_PER_DAY', 1, false],
      ['a', 'MIN_CAPITAL_THRESHOLD', 999_950.01, true],
      ['c', 'MIN_CAPITAL_THRESHOLD', 1_000_000, false],
    ];
    for (const [user, rule, value] of edges) await setRule(db, user, rule, value);
    const { code, rows } = await check();
    expect(code).toBe(6);
    expect(rows.map(({ message, verdict, newly }) => [message, verdict, newly])).toEqual([
      ['MAX_POSITION_SIZE: current=3000 limit=2999.99 symbol=TCS', 'violated', true],
      ['MAX_DRAWDOWN: current=10 limit=10', 'violated', true],
      ['MAX_ORDERS_PER_DAY: current=2 limit=1', 'violated', true],
      ['MIN_CAPITAL_THRESHOLD: current=999950 limit=999950.01', 'violated', true],
      ['MAX_DAILY_LOSS: current=30 limit=30', 'violated', true],
    ]);
    expect(rows.map(({ user_id }) => user_id).join('')).toBe('aaaac');
    const kept = await stored();
    for (const [user, rule, , violated] of edges)
      expect([user, rule, kept[`${user} ${rule}`]?.[1]]).toEqual([user, rule, violated]);
    expect(kept['a MAX_DAILY_LOSS']).toEqual([50, false, '']);
    expect((await alerts(db)).map(({ user_id, level, title }) => `${user_id} ${level} ${title}`)).toEqual([
      'a CRITICAL MAX_DRAWDOWN is violated',
      'a WARNING MAX_ORDERS_PER_DAY is violated',
      'a WARNING MAX_POSITION_SIZE is violated',
      'a CRITICAL MIN_CAPITAL_THRESHOLD is violated',
      'c CRITICAL MAX_DAILY_LOSS is violated',
    ]);
  });

  it('alerts once while a rule stays violated, and once when it clears; only these leave an audit row', async () => {
    await setRule(db, 'a', 'MAX_POSITION_SIZE', 3_000);
    const before = (await db.audits('risk check')).length;
    expect(await check()).toEqual({ code: 0, rows: [] });
    expect((await stored())['a MAX_POSITION_SIZE']).toEqual([3_000, false, '']);
    await setRule(db, 'a', 'MAX_POSITION_SIZE', 2_000);
    expect((await check('--dry-run')).rows).toMatchObject([{ newly: true }]);
    expect((await check()).rows).toMatchObject([{ verdict: 'violated', newly: true, headroom: -1_000 }]);
    expect(await check('a')).toMatchObject({ code: 6, rows: [{ verdict: 'violated', newly: false }] });
    await setRule(db, 'a', 'MAX_POSITION_SIZE', 4_000);
    expect(await check()).toMatchObject({ code: 0, rows: [{ verdict: 'ok', newly: true }] });
    expect(await check()).toEqual({ code: 0, rows: [] });
    expect(await check('a')).toMatchObject({
      code: 0,
      rows: [{ verdict: 'ok', newly: false, headroom: 1_000 }],
    });
    expect((await alerts(db)).map(({ level, message }) => [level, message])).toEqual([
      ['WARNING', 'MAX_POSITION_SIZE: current=3000 limit=2000 symbol=TCS'],
      ['INFO', 'MAX_POSITION_SIZE: current=3000 limit=4000 symbol=TCS'],
    ]);
    expect((await db.audits('risk check')).slice(before)).toMatchObject([
      {
        target: 'all users',
        body: { violated: 1, cleared: 0, rules: [{ user_id: 'a', verdict: 'violated' }] },
      },
      { target: 'all users', body: { violated: 0, cleared: 1 } },
    ]);
  });

  it('reports each news once with --changed, and says why in a table', async () => {
    await setRule(db, 'a', 'MAX_DRAWDOWN', 5);
    const cron = () => db.cli(...words('risk check --changed'));
    const first = await cron();
    expect(first).toMatchObject({
      code: 6,
      stdout: expect.stringContaining('cannot evaluate without an active session'),
    });
    expect(await cron()).toMatchObject({ code: 0 });
    await startSession(db, 'a', 7);
    expect(await cron()).toMatchObject({
      code: 6,
      stdout: expect.stringContaining('MAX_DRAWDOWN: current=7 limit=5'),
    });
    expect(await cron()).toMatchObject({ code: 0 });
    expect((await check()).code).toBe(6);
    await db.query('UPDATE trading_sessions SET max_drawdown = 0');
    expect((await check('--changed')).rows).toMatchObject([{ verdict: 'ok', newly: true }]);
    expect((await check('--changed')).rows).toEqual([]);
  });

  it('never passes what it cannot evaluate, and leaves it violated or not as it was', async () => {
    for (const user of ['a', 'b']) await setRule(db, user, 'MAX_DRAWDOWN', 5);
    await startSession(db, 'a', 7);
    expect(await check()).toMatchObject({
      code: 6,
      rows: [
        { user_id: 'a', verdict: 'violated' },
        { user_id: 'b', verdict: 'cannot evaluate', current: null, headroom: null, newly: false },
      ],
    });
    await db.query("UPDATE trading_sessions SET status = 'COMPLETED'");
    const { rows } = await check('a');
    expect(rows).toMatchObject([{ verdict: 'cannot evaluate', newly: false }]);
    const unknown = (user: string) =>
      `MAX_DRAWDOWN: cannot evaluate without an active session (pinnacle session start ${user})`;
    expect(await stored()).toEqual({
      'a MAX_DRAWDOWN': [7, true, unknown('a')],
      'b MAX_DRAWDOWN': [0, false, unknown('b')],
    });
    expect(await alerts(db)).toHaveLength(1);
    await db.refused('risk check nobody', { code: 3 });
  });

  it('tells what an order would meet, and changes nothing', async () => {
    await setRule(db, 'a', 'MAX_POSITION_SIZE', 4_000);
    await setRule(db, 'a', 'MAX_ORDERS_PER_DAY', 3);
    await setRule(db, 'a', 'MAX_DAILY_LOSS', 50);
    const ask = async (order: unknown) => {
      const text = typeof order === 'string' ? order : JSON.stringify(order);
      const { code, stdout, stderr } = await db.cli('risk', 'check', 'a', '--order', text, '--json');
      return { code, stderr, rows: stdout === '' ? [] : JSON.parse(stdout) };
    };
    const before = await stored();
    const refused = await ask({ symbol: 'tcs', side: 'buy', quantity: 10, price: 100.5, strategy_id: null });
    expect(refused.code).toBe(6);
    expect(refused.rows).toMatchObject([
      {
        rule_type: 'MAX_POSITION_SIZE',
        limit: 4_000,
        current: 3_000,
        projected: 4_020,
        headroom: 1_000,
        verdict: 'violated',
      },
      {
        rule_type: 'MAX_DAILY_LOSS',
        limit: 50,
        current: 50,
        projected: 50,
        headroom: 0,
        verdict: 'violated',
      },
      { rule_type: 'MAX_ORDERS_PER_DAY', limit: 3, current: 2, projected: 3, headroom: 1, verdict: 'ok' },
    ]);
    expect(refused.stderr).toContain('MAX_POSITION_SIZE: current=3000 limit=4000');
    // A strategy that is in no table, as of another program: its position can be closed, and not enlarged.
    const elsewhere = { symbol: 'TCS', side: 'SELL', strategy_id: 's2' };
    expect((await ask({ ...elsewhere, quantity: 20 })).code).toBe(0);
    expect((await ask({ ...elsewhere, quantity: 21 })).code).toBe(3);
    await db.query("UPDATE positions SET strategy_id = NULL WHERE position_id = 'p2'");
    expect(await ask({ symbol: 'TCS', side: 'SELL', quantity: 20 })).toMatchObject({
      code: 0,
      rows: [{ verdict: 'ok' }, { verdict: 'ok' }, { verdict: 'ok' }],
    });
    await db.query("INSERT INTO trading_halts (halt_id, reason, halted_by) VALUES ('h', 'outage', 'tester')");
    expect(await ask({ symbol: 'TCS', side: 'BUY', quantity: 1 })).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('outage'),
    });
    await db.query('DELETE FROM trading_halts');
    for (const bad of [
      '{',
      '[]',
      '{}',
      { symbol: 'TCS', side: 'BUY', quantity: -1 },
      { symbol: 'TCS', side: 'HOLD', quantity: 1 },
      { symbol: 'TCS', side: 'BUY', quantity: 1, qty: 2 },
    ])
      expect(await ask(bad)).toMatchObject({ code: 2, stderr: expect.stringContaining('--order') });
    expect((await ask({ symbol: 'TCS', side: 'BUY', quantity: 1, qty: 2 })).stderr).toContain('has no qty');
    await db.refused('risk check --order {}', { code: 2 });
    expect(await stored()).toEqual(before);
  });
});

describe.each(servers)('risk rules among many at once on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db);
  });
  afterAll(() => db.close());

  it('let exactly as many orders through as a limit allows', async () => {
    await setRule(db, 'trader_001', 'MAX_ORDERS_PER_DAY', 20);
    await setRule(db, 'trader_001', 'MAX_POSITION_SIZE', 1_500);
    const place = words(
      'order place --user trader_001 --symbol TCS --side BUY --quantity 1 --type LIMIT --price 100',
    );
    const placed: number[] = [];
    for (let round = 0; round < 2; round++)
      placed.push(
        ...(await Promise.all(Array.from({ length: 16 }, () => db.cli(...place)))).map(({ code }) => code),
      );
    expect(placed.filter((code) => code === 0)).toHaveLength(15);
    expect(placed.filter((code) => code === 5)).toHaveLength(17);
    await setRule(db, 'trader_001', 'MAX_POSITION_SIZE', 1e6);
    const more = await Promise.all(Array.from({ length: 16 }, () => db.cli(...place)));
    expect(more.filter(({ code }) => code === 0)).toHaveLength(5);
  });

  it('break once for all checks that run at once', async () => {
    await db.query('DELETE FROM risk_rules');
    await setRule(db, 'trader_001', 'MIN_CAPITAL_THRESHOLD', 1e9);
    const checks = await Promise.all(
      // Each trader and all of them: jobs of their own, which do not keep each other from running.
      Array.from({ length: 8 }, (_, i) =>
        db.cli(...words(`risk check ${i % 2 ? 'trader_001' : ''} --json user_id,newly`)),
      ),
    );
    const ran = checks.filter(({ code }) => code !== 10);
    expect(ran.length).toBeGreaterThan(0);
    expect(new Set(ran.map(({ code }) => code))).toEqual(new Set([6]));
    const newly = ran.flatMap(({ stdout }) => JSON.parse(stdout) as Row[]).filter((row) => row.newly);
    expect(newly).toHaveLength(1);
    expect(await alerts(db)).toHaveLength(1);
  });

  it('are not broken by a check that measured against the limit of before', async () => {
    await db.query('DELETE FROM risk_rules');
    await db.query('DELETE FROM notifications');
    await setRule(db, 'trader_001', 'MIN_CAPITAL_THRESHOLD', 1e9);
    await db.query('BEGIN');
    await setRule(db, 'trader_001', 'MIN_CAPITAL_THRESHOLD', 1);
    const check = db.cli('risk', 'check');
    const waiting = 'SELECT FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid';
    await expect.poll(async () => (await db.query(waiting)).rows.length, { timeout: 10_000 }).toBe(1);
    await db.query('COMMIT');
    await check;
    const { rows } = await db.query('SELECT rule_value, is_violated FROM risk_rules');
    expect(rows).toEqual([{ rule_value: 1, is_violated: false }]);
    expect(await alerts(db)).toEqual([]);
  });
});
