import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databases, servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

/** Orders written as the trading services write them. */
const insertOrders = (db: TestDatabase, user: string, n: number) =>
  db.query(
    `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, filled_quantity, status)
     SELECT $1 || '_' || i, $1, 'TCS', 'BUY', 'LIMIT', 10, 100, CASE WHEN i % 3 = 0 THEN 4 ELSE 0 END,
       (ARRAY['PARTIALLY_FILLED', 'PENDING', 'PLACED'])[1 + i % 3]::order_status
     FROM generate_series(1, $2) i`,
    [user, n],
  );
const statuses = async (db: TestDatabase, user: string) =>
  Object.fromEntries(
    (
      await db.query('SELECT status::text, count(*)::int AS n FROM orders WHERE user_id = $1 GROUP BY 1', [
        user,
      ])
    ).rows.map(({ status, n }) => [status, n]),
  );
const alerts = async (db: TestDatabase) =>
  (
    await db.query(
      `SELECT user_id, alert_level::text, title, message FROM notifications WHERE notification_type = 'RISK_ALERT'
       ORDER BY notification_id`,
    )
  ).rows;

describe.each(databases)('the kill switch on $name', ({ open }) => {
  let db: TestDatabase;
  beforeEach(async () => {
    db = await open();
    for (const id of ['trader_001', 'trader_002']) await given.user(db, id);
  });
  const close = () => db.close();

  it('cancels, pauses and blocks one trader, until he is resumed by name', async () => {
    await given.strategy(db, 'rsi');
    await db.json(...words('strategy activate rsi --user trader_001'));
    await insertOrders(db, 'trader_001', 1_000);
    await insertOrders(db, 'trader_002', 1);
    await db.refused('risk halt trader_001 --reason runaway', {
      code: 4,
      stderr: 'cancels 1,000 working orders and pauses 1 strategy',
    });
    const dry = await db.cli(...words('risk halt trader_001 --reason runaway --dry-run --json'));
    expect(JSON.parse(dry.stdout)).toMatchObject({ orders_cancelled: 1_000 });
    expect(await statuses(db, 'trader_001')).not.toHaveProperty('CANCELLED');
    const halted = await db.json(...words('risk halt trader_001 --reason runaway --yes'));
    expect(halted).toMatchObject({
      user_id: 'trader_001',
      reason: 'runaway',
      halted_by: expect.any(String),
      orders_cancelled: 1_000,
      strategies_paused: 1,
    });
    expect(await statuses(db, 'trader_001')).toEqual({ CANCELLED: 1_000 });
    expect(await statuses(db, 'trader_002')).toEqual({ PENDING: 1 });
    const kept = await db.query(
      "SELECT sum(filled_quantity)::int AS n FROM orders WHERE user_id = 'trader_001'",
    );
    expect(kept.rows).toEqual([{ n: 333 * 4 }]);

    const order = 'order place --user trader_001 --symbol TCS --side BUY --quantity 1';
    const refused = await db.refused(order, { code: 5, stderr: 'runaway' });
    expect(refused.hint).toContain('pinnacle risk resume trader_001');
    await given.order(db, { user: 'trader_002' });

    // Under a name of ours: those of other programs are held.
    await db.query(
      "SET LOCAL application_name = 'pinnacle/test'; UPDATE orders SET status = 'PLACED' WHERE order_id = 'trader_001_7'",
    );
    const again = await db.json(...words('risk halt trader_001 --reason other --yes'));
    expect(again).toMatchObject({ halt_id: halted['halt_id'], reason: 'runaway', orders_cancelled: 1 });
    expect(await alerts(db)).toMatchObject([
      { user_id: 'trader_001', alert_level: 'CRITICAL', message: 'runaway' },
    ]);
    const target = 'user trader_001';
    expect(await db.audits('risk %')).toMatchObject([
      { target, body: { halt: { reason: 'runaway' } } },
      { target, body: { orders_cancelled: 1_000, strategies_paused: 1 } },
      { target, body: { orders_cancelled: 1, order_ids: ['trader_001_7'] } },
    ]);

    await db.refused('risk resume trader_001 --confirm trader_001', { code: 2 });
    await db.refused('risk resume trader_001 --reason fixed --yes', { code: 4 });
    await db.refused('risk resume trader_001 --reason fixed --confirm all', { code: 2 });
    const resumed = await db.cli(
      ...words('risk resume trader_001 --reason fixed --confirm trader_001 --json'),
    );
    expect(resumed.code).toBe(0);
    expect(JSON.parse(resumed.stdout)).toMatchObject({ resumed_reason: 'fixed', halt_id: halted['halt_id'] });
    expect(resumed.stderr).toContain('1 strategy stays PAUSED');
    await given.order(db);
    await db.refused(`${order} --strategy rsi`, { code: 5, stderr: 'PAUSED' });
    await db.refused('risk resume trader_001 --reason fixed --confirm trader_001', {
      code: 5,
      stderr: 'is not halted',
    });
    await close();
  });

  it('halts everyone beside a trader’s own halt, and ends each by itself', async () => {
    await insertOrders(db, 'trader_001', 2);
    await insertOrders(db, 'trader_002', 3);
    await db.json(...words('risk halt trader_001 --reason own --yes'));
    expect(await db.json(...words('risk halt --all --reason outage --yes'))).toMatchObject({
      user_id: null,
      orders_cancelled: 3,
    });
    expect(await db.json('risk', 'status')).toMatchObject([
      { user_id: null, halted: true, reason: 'outage' },
      { user_id: 'trader_001', halted: true, reason: 'own', rules: 0 },
    ]);
    await db.json(...words('risk set trader_002 MAX_ORDERS_PER_DAY 5'));
    expect(await db.json('risk', 'status', 'trader_002')).toMatchObject([
      { user_id: null, halted: true, reason: 'outage' },
      { user_id: 'trader_002', halted: true, reason: 'outage', rules: 1 },
    ]);
    await db.json(...words('risk remove trader_002 MAX_ORDERS_PER_DAY'));
    const place = 'order place --user trader_001 --symbol TCS --side BUY --quantity 1';
    await db.refused(place, { code: 5, stderr: 'halted for everyone' });
    const ended = await db.cli(...words('risk resume --all --reason back --confirm all'));
    expect(ended).toMatchObject({ code: 0, stderr: expect.stringContaining('Still halted: trader_001.') });
    await db.refused(place, { code: 5, stderr: 'halted for trader_001' });
    await db.refused('risk resume --all --reason back --confirm all', {
      code: 5,
      stderr: 'Halted: trader_001.',
    });
    await db.json(...words('risk set trader_002 MAX_DRAWDOWN 5'));
    expect(await db.json('risk', 'status', 'trader_002')).toMatchObject([
      { user_id: 'trader_002', halted: false, rules: 1, violated: 0, halt_id: null },
    ]);
    await close();
  });

  it('refuses what it cannot mean', async () => {
    const lines = {
      'risk halt nobody --yes': 3,
      'risk halt --yes': 2,
      'risk halt trader_001 --all --yes': 2,
      'risk resume nobody --reason r --confirm nobody': 3,
      'risk resume --all --reason r --confirm all': 5,
      'risk status nobody': 3,
    };
    for (const [line, code] of Object.entries(lines)) await db.refused(line, { code });
    expect((await db.query('SELECT 1 FROM trading_halts')).rows).toEqual([]);
    await close();
  });
});

describe.each(servers)('the kill switch among placers on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await Promise.all([1, 2, 3, 4, 5, 6].map((n) => given.user(db, `t${n}`)));
  });
  afterAll(() => db.close());

  it('leaves nothing working, however orders race with it', async () => {
    for (let round = 0; round < 5; round++) {
      const placers = Array.from({ length: 24 }, (_, i) =>
        db.cli(...words(`order place --user t${1 + (i % 6)} --symbol TCS --side BUY --quantity 1`)),
      );
      const [halt, ...placed] = await Promise.all([
        db.cli(...words('risk halt --all --reason race --yes --json')),
        ...placers,
      ]);
      expect(halt.code).toBe(0);
      expect(new Set(placed.map(({ code }) => code))).not.toContain(1);
      const { rows } = await db.query("SELECT order_id FROM orders WHERE status <> 'CANCELLED'");
      expect(rows).toEqual([]);
      await db.json(...words('risk resume --all --reason again --confirm all'));
    }
  });

  it('latches at once though a trader is held for long, and sweeps when he is free', async () => {
    await insertOrders(db, 't1', 3);
    await db.query('BEGIN');
    await db.query("SELECT FROM users WHERE user_id = 't1' FOR NO KEY UPDATE");
    const halting = db.cli(...words('risk halt --all --reason stuck --yes --json'));
    const blocked = async () => {
      for (;;) {
        const { code, stderr } = await db.cli(
          ...words('order place --user t2 --symbol TCS --side BUY --quantity 1 --dry-run'),
        );
        if (code === 5) return stderr;
      }
    };
    expect(await blocked()).toContain('stuck');
    // Longer than any other command waits for a lock.
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    await db.query('COMMIT');
    expect(JSON.parse((await halting).stdout)).toMatchObject({ orders_cancelled: 3 });
    await db.json(...words('risk resume --all --reason free --confirm all'));
  });

  it('that cannot sweep in time says that it is latched all the same', async () => {
    await db.query('BEGIN');
    await db.query("SELECT FROM users WHERE user_id = 't1' FOR NO KEY UPDATE");
    const { code, stderr } = await db.cli(
      ...words('risk halt t1 --reason stuck --yes --json --timeout 500ms'),
    );
    await db.query('COMMIT');
    expect(code).toBe(10);
    expect(JSON.parse(stderr.split('\n').at(-2) ?? '').error).toMatchObject({
      code: 'HALT_UNFINISHED',
      message: expect.stringMatching(/^Trading is halted for t1, but .* yet\. The database is busy: /),
      changed: true,
      retryable: true,
    });
    expect(await db.json('risk', 'status', 't1')).toMatchObject([{ user_id: 't1', halted: true }]);
  });
});
