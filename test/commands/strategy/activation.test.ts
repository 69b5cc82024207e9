import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databases, servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

type Row = Record<string, unknown>;

describe.each(databases)('the use of a strategy on $name', ({ open }) => {
  let db: TestDatabase;
  let user = '';
  let traders = 0;

  beforeAll(async () => {
    db = await open();
    // Two strategies, both with parameters; the second one needs a quarter of a million.
    await db.query(`
      INSERT INTO strategies (strategy_id, name, description, category, risk_level, min_capital, expected_return_annual,
        max_drawdown, symbols, parameters)
      SELECT id, id, id, 'c', 'Low', least, 1, 1, '["TCS"]', '{"period": 14, "side": "long", "weights": [1], "trail": true}'
      FROM (VALUES ('rsi', 1), ('big', 250000)) AS s(id, least)`);
  });
  afterAll(() => db.close());
  beforeEach(async () => {
    user = await given.user(db, `trader_${++traders}`);
  });

  const strategy = (line: string, ...more: string[]) =>
    db.json(...words(`strategy ${line} --user ${user}`), ...more);
  /** What a refusal says, with its hint in brackets. */
  const refusal = async (code: number, error: string, line: string, ...more: string[]) => {
    const argv = [...words(`strategy ${line} --user ${user}`), ...more];
    const { message, hint } = await db.refused(argv, { code, error });
    return hint ? `${message} (${hint})` : message;
  };
  const notices = async () =>
    (
      await db.query(
        'SELECT title, alert_level, notification_type FROM notifications WHERE user_id = $1 ORDER BY notification_id',
        [user],
      )
    ).rows;

  it('is paused, resumed, stopped and activated again, and the trader is told', async () => {
    const first = await strategy('activate rsi --allocation 1000');
    expect(await strategy('pause rsi')).toEqual({ ...first, status: 'PAUSED' });
    expect(await strategy('resume rsi')).toEqual(first);
    const stopped = await strategy('stop rsi');
    expect(stopped).toMatchObject({ status: 'STOPPED', deactivated_at: expect.any(String) });
    const audited = await db.audits();
    expect(await strategy('stop rsi')).toEqual(stopped);
    expect(await db.audits()).toEqual(audited);
    for (const step of ['pause', 'resume'])
      expect(await refusal(5, 'STRATEGY_STOPPED', `${step} rsi`)).toBe(
        `The strategy rsi is STOPPED for ${user}. (To start it again: pinnacle strategy activate rsi --user ${user})`,
      );
    const again = await strategy('activate rsi');
    expect(again).toMatchObject({ status: 'ACTIVE', allocation_amount: '1000.00', deactivated_at: null });
    expect(String(again['activated_at']) > String(first['activated_at'])).toBe(true);
    expect(await notices()).toEqual(
      ['ACTIVE', 'PAUSED', 'ACTIVE', 'STOPPED', 'ACTIVE'].map((status) => ({
        title: `Strategy rsi is ${status}`,
        alert_level: 'INFO',
        notification_type: 'STRATEGY_SIGNAL',
      })),
    );
  });

  it('is neither paused nor resumed nor stopped where there is none', async () => {
    await refusal(3, 'ACTIVATION_NOT_FOUND', 'pause rsi');
    expect(await refusal(3, 'ACTIVATION_NOT_FOUND', 'stop rsi')).toContain(
      `pinnacle strategy activate rsi --user ${user}`,
    );
    await refusal(3, 'STRATEGY_NOT_FOUND', 'resume none');
    await refusal(3, 'ACTIVATION_NOT_FOUND', 'show rsi');
    user = 'nobody';
    await refusal(3, 'USER_NOT_FOUND', 'resume rsi');
  });

  it('overrides parameters that the strategy has, with values of their types', async () => {
    const own = { period: 21, weights: [2, 3] };
    expect(await strategy('activate rsi', '--parameters', JSON.stringify(own))).toMatchObject({
      custom_parameters: own,
    });
    expect(await strategy('activate rsi --allocation 5')).toMatchObject({ custom_parameters: own });
    const wrong = await refusal(
      2,
      'USAGE',
      'activate rsi',
      '--parameters',
      '{"period":"21","trail":null,"weights":{},"perido":1,"side":"short"}',
    );
    for (const part of [
      'The parameter period must be a number, not a text.',
      'The parameter trail must be true or false, not null.',
      'The parameter weights must be an array, not an object.',
      'There is no parameter perido.',
      'period (a number), side (a text), weights (an array), trail (true or false)',
    ])
      expect(wrong).toContain(part);
    expect(wrong).not.toContain('parameter side');
    expect(await strategy('activate rsi', '--parameters', '{}')).toMatchObject({ custom_parameters: {} });
  });

  it('sets aside no more than is free: paused ones count, stopped ones and its own do not', async () => {
    await strategy('activate big --allocation 600000.10');
    expect(await refusal(5, 'FREE_CAPITAL', 'activate rsi --allocation 399999.91')).toMatch(
      /^An allocation of ₹3,99,999.91 is beyond the free capital of trader_\d+, ₹3,99,999.90\./,
    );
    await strategy('pause big');
    await refusal(5, 'FREE_CAPITAL', 'activate rsi --allocation 399999.91');
    await strategy('activate rsi --allocation 399999.90');
    await strategy('stop rsi');
    expect(await strategy('activate big --allocation 1000000')).toMatchObject({ status: 'ACTIVE' });
    await refusal(5, 'FREE_CAPITAL', 'activate rsi --allocation 0.01');
  });

  it('needs the least capital of the strategy, set aside or free', async () => {
    expect(await refusal(5, 'MIN_CAPITAL', 'activate big --allocation 249999.99')).toBe(
      'The strategy big needs ₹2,50,000.00; the allocation is ₹2,49,999.99.',
    );
    await strategy('activate rsi --allocation 750000.01');
    expect(await refusal(5, 'MIN_CAPITAL', 'activate big')).toBe(
      `The strategy big needs ₹2,50,000.00; ${user} has ₹2,49,999.99 of free capital.`,
    );
    await strategy('activate rsi --allocation 750000');
    expect(await strategy('activate big')).toMatchObject({ allocation_amount: '0.00' });
  });

  it('is not started while the strategy or the trader is disabled, or trading is halted', async () => {
    await strategy('activate rsi');
    await strategy('pause rsi');
    const attempt = async (error: string) => {
      for (const step of ['resume', 'activate']) await refusal(5, error, `${step} rsi`);
    };
    await db.query("UPDATE strategies SET is_active = false WHERE strategy_id = 'rsi'");
    await attempt('STRATEGY_DISABLED');
    await db.query("UPDATE strategies SET is_active = true WHERE strategy_id = 'rsi'");
    await db.query('UPDATE users SET enabled = false WHERE user_id = $1', [user]);
    await attempt('USER_DISABLED');
    await db.query('UPDATE users SET enabled = true WHERE user_id = $1', [user]);
    await db.query(
      "INSERT INTO trading_halts (halt_id, user_id, reason, halted_by) VALUES ($1, $1, 'r', 'h')",
      [user],
    );
    await attempt('TRADING_HALTED');
    expect(await strategy('stop rsi')).toMatchObject({ status: 'STOPPED' });
  });

  it('counts from what the book has of it already, and stats agree with it', async () => {
    await strategy('activate big');
    await given.position(db, { user, strategy: 'big', price: 100 });
    const selling = await given.order(db, { user, strategy: 'big', side: 'SELL' });
    await given.fill(db, selling, { quantity: 4, price: 101.25 });
    const before = await strategy('show big');
    // As if the orders had come before the activation, by another way.
    await db.query('DELETE FROM user_strategies WHERE user_id = $1', [user]);
    expect(await strategy('activate big --allocation 300000')).toMatchObject({
      total_orders: 2,
      successful_orders: 1,
      total_pnl: '5.00',
    });
    expect(await strategy('show big')).toMatchObject({
      total_orders: before['total_orders'],
      successful_orders: before['successful_orders'],
      total_pnl: before['total_pnl'],
      parameters: { period: 14 },
    });
    expect(await db.cli('doctor', 'ledger', '--user', user)).toMatchObject({ code: 0 });
    await strategy('pause big');
    expect(await db.json(...words(`strategy stats --user ${user}`))).toEqual([
      {
        strategy_id: 'big',
        user_id: user,
        active: 0,
        paused: 1,
        stopped: 0,
        allocation: '300000.00',
        orders: 2,
        filled_orders: 1,
        success_rate: 50,
        realized_pnl: '5.00',
        unrealized_pnl: '7.50',
        open_positions: 1,
      },
    ]);
  });

  it('is summed over traders in stats, and listed for a trader', async () => {
    const { rows } = await db.query(`
      SELECT strategy_id, count(*) FILTER (WHERE status = 'ACTIVE')::int AS active,
        count(*) FILTER (WHERE status = 'PAUSED')::int AS paused, count(*) FILTER (WHERE status = 'STOPPED')::int AS stopped,
        sum(total_orders)::int AS orders, sum(successful_orders)::int AS filled_orders
      FROM user_strategies GROUP BY strategy_id ORDER BY strategy_id`);
    const all = await db.json<Row[]>(...words('strategy stats'));
    expect(all).toMatchObject(rows);
    expect(all.map((row) => row['realized_pnl'])).toEqual(['5.00', '0.00']);
    expect(all[1]).toMatchObject({ user_id: null, success_rate: null, unrealized_pnl: '0.00' });
    expect(await db.json(...words('strategy stats rsi'))).toEqual([all[1]]);
    await db.refused('strategy stats none', { code: 3 });
    expect(await db.json(...words(`strategy stats --user ${user}`))).toEqual([]);
    const ids = async (flags: string) =>
      (await db.json<Row[]>(...words(`strategy list ${flags}`))).map((row) => row['strategy_id']);
    await strategy('activate rsi');
    expect(await ids('')).toEqual(['big', 'rsi']);
    expect(await ids(`--user ${user}`)).toEqual(['rsi']);
    await strategy('pause rsi');
    expect(await ids(`--user ${user}`)).toEqual(['rsi']);
    expect(await ids(`--user ${user} --active`)).toEqual([]);
    expect((await db.cli(...words(`strategy list --user ${user} --columns strategy_id,status`))).stdout).toBe(
      'rsi\tPAUSED\n',
    );
  });
});

describe.each(servers)('activations on a $name', ({ open }) => {
  it('of several strategies at once never set aside more than there is', async () => {
    const db = await open();
    const user = await given.user(db);
    await db.query(`
      INSERT INTO strategies (strategy_id, name, description, category, risk_level, min_capital, expected_return_annual,
        max_drawdown, symbols, parameters)
      SELECT 's' || n, 's', 's', 'c', 'Low', 1, 1, 1, '["TCS"]', '{}' FROM generate_series(1, 8) n`);
    const activate = (n: number) =>
      db.cli(...words(`strategy activate s${n} --user ${user} --allocation 400000`));
    const ended = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(activate));
    expect(ended.map(({ code }) => code).sort()).toEqual([0, 0, 5, 5, 5, 5, 5, 5]);
    await db.close();
  });
});
