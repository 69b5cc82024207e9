import { afterEach, describe, expect, it } from 'vitest';
import { INVARIANTS } from '../../../src/trading/ledger/invariants.ts';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { SERVICE_WRITES } from '../../helpers/other-service.ts';

/** What the trader sees of the book: capital, P&L, shares. */
const SUMS = `
  SELECT user_id, total_capital::text AS capital,
    (SELECT sum(round(realized_pnl::numeric, 2))::text FROM positions p WHERE p.user_id = u.user_id) AS realized,
    (SELECT sum(round(unrealized_pnl::numeric, 2))::text FROM positions p WHERE p.user_id = u.user_id AND status = 'OPEN') AS unrealized,
    (SELECT string_agg(held, ' ' ORDER BY held) FROM (
      SELECT concat(symbol, strategy_id, ' ', sum(CASE side WHEN 'LONG' THEN quantity ELSE -abs(quantity) END)) AS held
      FROM positions p WHERE p.user_id = u.user_id AND status = 'OPEN'
      GROUP BY symbol, strategy_id HAVING sum(quantity) <> 0) h) AS shares
  FROM users u ORDER BY user_id`;

describe.each(databases)('a book beside another service on $name', ({ open }) => {
  let db: TestDatabase;
  afterEach(() => db?.close());

  const shared = async () => {
    db = await open();
    expect((await db.cli('schema', 'shared')).code).toBe(0);
    for (const write of SERVICE_WRITES) await db.query(write);
  };

  it('takes every write that the tables allow, names it, and takes it over without moving a sum', async () => {
    expect(SERVICE_WRITES).toHaveLength(60);
    await shared();
    const named = await db.cli('doctor', 'ledger');
    expect(named.stdout).toContain('pinnacle ledger adopt --all');
    expect(named.stdout).not.toContain('fail');
    expect(named.code).toBe(0);
    // A line each, and what is beneath.
    expect(named.stdout.trim().split('\n').length).toBeLessThan(INVARIANTS.length + 2);
    expect((await db.cli('doctor', 'ledger', '--strict')).code).toBe(6);

    const before = (await db.query(SUMS)).rows;
    const dry = await db.cli('ledger', 'adopt', '--all', '--dry-run');
    expect(dry).toMatchObject({ code: 0 });
    expect((await db.query(SUMS)).rows).toEqual(before);
    const adopted = await db.json<Record<string, unknown>[]>('ledger', 'adopt', '--all', '--yes');
    expect(adopted.map(({ user_id, left, note }) => ({ user_id, left, note }))).toEqual(
      ['6f1c2f0e-9f0a-4c55-9d59-0f6a3f6f1f11', 'svc_1', 'svc_2'].map((user_id) => ({
        user_id,
        left: 0,
        note: null,
      })),
    );
    expect((await db.query(SUMS)).rows).toEqual(before);
    const proved = await db.cli('doctor', 'ledger', '--strict');
    expect(proved.stdout).not.toMatch(/fail|foreign/);
    expect(proved.code).toBe(0);
    expect(await db.cli('ledger', 'adopt', '--all', '--yes')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('Nothing to take over'),
    });
    // What was put right lets the database keep every rule from now on.
    expect(await db.cli('schema', 'strict')).toMatchObject({ code: 0 });
  });

  it('gives everything back by --undo, unless something was booked on it', async () => {
    await shared();
    const rows = () =>
      Promise.all(
        ['orders', 'positions', 'trading_sessions', 'users', 'order_fills'].map(
          async (table) =>
            (await db.query(`SELECT to_jsonb(t) AS row FROM ${table} t ORDER BY to_jsonb(t)::text`)).rows,
        ),
      );
    const before = await rows();
    const [{ run_id } = {}] = await db.json<Record<string, unknown>[]>('ledger', 'adopt', '--all', '--yes');
    expect(await rows()).not.toEqual(before);
    expect(await db.cli('ledger', 'adopt', '--undo', String(run_id), '--yes')).toMatchObject({ code: 0 });
    expect(await rows()).toEqual(before);
    expect(await db.cli('ledger', 'adopt', '--undo', String(run_id), '--yes')).toMatchObject({ code: 3 });

    const [again = {}] = await db.json<Record<string, unknown>[]>(
      'ledger',
      'adopt',
      '--user',
      'svc_1',
      '--yes',
    );
    await db.json('order', 'fill', 'svc-o8', '--quantity', '6', '--price', '2710');
    expect(await db.cli('ledger', 'adopt', '--undo', String(again['run_id']), '--yes')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('booked or taken over since'),
    });
    expect((await db.cli('doctor', 'ledger', '--user', 'svc_1', '--strict')).stdout).not.toMatch(/fail/);
  });

  it('books fills on top of what the service filled: the whole order, the whole position', async () => {
    db = await open();
    await db.cli('schema', 'shared');
    await db.json('user', 'add', '--user-id', 'u', '--name', 'U', '--email', 'u@example.com');
    // Without a position of theirs, their part is booked first.
    await db.query(`INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, status, filled_quantity, filled_price)
      VALUES ('half', 'u', 'TCS', 'BUY', 'LIMIT', 10, 100, 'PARTIALLY_FILLED', 4, 99)`);
    const filled = await db.cli('order', 'fill', 'half', '--quantity', '6', '--price', '100');
    expect(filled).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('Another program filled 4 of order half at 99'),
    });
    expect(
      (await db.query("SELECT quantity, average_price FROM positions WHERE symbol = 'TCS'")).rows,
    ).toEqual([{ quantity: 10, average_price: 99.6 }]);
    // With two rows of theirs, all of it is netted, and only this fill is booked.
    await db.query(`INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, status, filled_quantity, filled_price)
      VALUES ('theirs', 'u', 'INFY', 'BUY', 'LIMIT', 10, 50, 'PARTIALLY_FILLED', 6, 50)`);
    await db.query(`INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price)
      VALUES ('a', 'u', 'INFY', 'LONG', 6, 50, 52), ('b', 'u', 'INFY', 'LONG', 4, 40, 52)`);
    const netted = await db.cli('order', 'fill', 'theirs', '--quantity', '4', '--price', '60');
    expect(netted).toMatchObject({ code: 0, stderr: expect.stringContaining('opening balance') });
    expect(
      (
        await db.query(
          "SELECT position_id, status, quantity, average_price FROM positions WHERE symbol = 'INFY' ORDER BY 1",
        )
      ).rows,
    ).toEqual([
      { position_id: 'a', status: 'OPEN', quantity: 14, average_price: 50 },
      { position_id: 'b', status: 'CLOSED', quantity: 0, average_price: 40 },
    ]);
    // A flip of their position, and closing one with a strategy that is in no table.
    await db.query(`INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price, strategy_id)
      VALUES ('m', 'u', 'SBIN', 'LONG', 5, 500, 510, 'manual'), ('f', 'u', 'ITC', 'LONG', 5, 400, 400, NULL)`);
    expect(await db.cli('position', 'close', 'm', '--price', '520', '--yes')).toMatchObject({ code: 0 });
    await db.json(
      ...'order place --order-id flip --user u --symbol ITC --side SELL --quantity 8 --price 410'.split(' '),
    );
    await db.json(...'order fill flip --quantity 8 --price 410'.split(' '));
    expect((await db.query("SELECT total_capital FROM users WHERE user_id = 'u'")).rows).toEqual([
      { total_capital: '100150.00' },
    ]);
    const left = await db.cli('doctor', 'ledger', '--strict');
    expect(left.stdout).not.toMatch(
      /position_quantity\s+fail|order_filled\s+fail|capital\s+fail|position_realized\s+fail/,
    );
    // What was taken over stands in the history of the position, and in what it was.
    const history = await db.json<Record<string, unknown>[]>('position', 'history', 'a');
    expect(history.map(({ broker_fill_id, quantity }) => [broker_fill_id, quantity])).toEqual([
      ['opening balance', 10],
      [expect.stringMatching(/^fil_/), 4],
    ]);
    const asOf = await db.json<Record<string, unknown>[]>(
      ...'position list --user u --symbol INFY --as-of'.split(' '),
      new Date().toISOString(),
    );
    expect(asOf).toEqual([expect.objectContaining({ position_id: 'a', quantity: 14, average_price: 50 })]);
    // Long and short at once is named, and nothing is booked.
    await db.query(`INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price)
      VALUES ('l', 'u', 'LT', 'LONG', 5, 500, 510), ('s', 'u', 'LT', 'SHORT', 2, 520, 510)`);
    await db.json(
      ...'order place --order-id lt --user u --symbol LT --side BUY --quantity 1 --price 500'.split(' '),
    );
    expect(await db.cli(...'order fill lt --quantity 1 --price 500'.split(' '))).toMatchObject({
      code: 5,
      stderr: expect.stringMatching(/l is LONG 5, s is SHORT 2/),
    });
  });

  const USER = 'user add --user-id u --name U --email u@example.com';
  const line = (text: string) => db.json(...text.split(' '));

  it('reads the sign that a service gives to the shares of a short position', async () => {
    db = await open();
    await db.cli('schema', 'shared');
    await line(USER);
    await db.query(`INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price, unrealized_pnl)
      VALUES ('a', 'u', 'TCS', 'SHORT', -5, 100, 90, 50), ('b', 'u', 'INFY', 'SHORT', -5, 100, 90, 50),
        ('c', 'u', 'ITC', 'SHORT', -5, 100, 90, 50)`);
    await line('order place --order-id cover --user u --symbol TCS --side BUY --quantity 5 --price 90');
    await line('order fill cover --quantity 5 --price 90');
    await line('position close b --price 90 --yes');
    await line('ledger adopt --all --yes');
    const { rows } = await db.query(
      'SELECT position_id, side, quantity, status, realized_pnl, unrealized_pnl FROM positions ORDER BY 1',
    );
    expect(rows).toEqual([
      { position_id: 'a', side: 'SHORT', quantity: 0, status: 'CLOSED', realized_pnl: 50, unrealized_pnl: 0 },
      { position_id: 'b', side: 'SHORT', quantity: 0, status: 'CLOSED', realized_pnl: 50, unrealized_pnl: 0 },
      { position_id: 'c', side: 'SHORT', quantity: 5, status: 'OPEN', realized_pnl: 0, unrealized_pnl: 50 },
    ]);
    expect((await db.cli('doctor', 'ledger', '--strict')).code).toBe(0);
  });

  it('takes nothing over by a fill that is booked already, and gives back what no balance goes with', async () => {
    db = await open();
    await db.cli('schema', 'shared');
    await line(USER);
    await line('order place --order-id o --user u --symbol TCS --side BUY --quantity 10 --price 100');
    await line('order fill o --quantity 4 --price 100 --broker-fill-id b1');
    await db.query("UPDATE orders SET filled_quantity = 7 WHERE order_id = 'o'");
    await line('order fill o --quantity 4 --price 100 --broker-fill-id b1');
    expect((await db.query('SELECT count(*)::int AS n FROM order_fills')).rows).toEqual([{ n: 1 }]);
    await db.query("UPDATE orders SET filled_quantity = 4 WHERE order_id = 'o'");
    await db.query(`INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, status, filled_quantity, filled_price)
      VALUES ('x', 'u', 'TCS', 'BUY', 'LIMIT', 5, 50, 'FILLED', 5, 50)`);
    const [{ run_id } = {}] = await db.json<Record<string, unknown>[]>('ledger', 'adopt', '--all', '--yes');
    // What only took an execution over keeps no other from being corrected.
    const { rows } = await db.query("SELECT fill_id FROM order_fills WHERE order_id = 'o'");
    expect(
      (
        await db.cli(
          'fill',
          'correct',
          String(rows[0]?.['fill_id']),
          '--price',
          '101',
          '--reason',
          'r',
          '--yes',
          '--dry-run',
        )
      ).code,
    ).toBe(0);
    expect((await db.cli('order', 'show', 'x')).stdout).toContain('5 at 50');
    const taken = (await db.query("SELECT fill_id FROM order_fills WHERE order_id = 'x'")).rows[0]?.[
      'fill_id'
    ];
    expect(await db.cli('fill', 'bust', String(taken), '--reason', 'r', '--yes')).toMatchObject({
      code: 5,
      stderr: expect.stringContaining(`ledger adopt --undo ${run_id}`),
    });
    expect(await db.cli('ledger', 'adopt', '--undo', String(run_id), '--yes')).toMatchObject({ code: 0 });
    expect((await db.query('SELECT count(*)::int AS n FROM order_fills')).rows).toEqual([{ n: 1 }]);
  });

  it('counts what a service closed into the loss of the day, and keeps an adopted session when it is computed again', async () => {
    db = await open();
    await db.cli('schema', 'shared');
    await line(USER);
    await line('risk set u MAX_DAILY_LOSS 1000');
    await line('order place --order-id o --user u --symbol TCS --side BUY --quantity 10 --price 1000');
    await line('order fill o --quantity 10 --price 1000');
    await db.query(
      "UPDATE positions SET status = 'CLOSED', closed_at = now(), quantity = 0, unrealized_pnl = 0, realized_pnl = -5000",
    );
    await db.query(`INSERT INTO trading_sessions (session_id, user_id, start_time, end_time, capital_at_start, capital_at_end, status, total_pnl, successful_orders)
      VALUES ('s', 'u', now() - interval '1 day', now(), 100000, 100098.3, 'COMPLETED', 98.3, 3)`);
    const lossBefore = (await db.json<Record<string, unknown>[]>('position', 'pnl', '--by', 'user'))[0]?.[
      'realized_pnl'
    ];
    expect(await db.cli('risk', 'check', 'u')).toMatchObject({
      code: 6,
      stdout: expect.stringContaining('5000'),
    });
    await line('ledger adopt --all --yes');
    expect(await db.cli('risk', 'check', 'u')).toMatchObject({
      code: 6,
      stdout: expect.stringContaining('5000'),
    });
    expect(lossBefore).toBe('-5000.00');
    expect(
      (await db.json<Record<string, unknown>[]>('position', 'pnl', '--by', 'user'))[0]?.['realized_pnl'],
    ).toBe('-5000.00');
    await line('session recompute s --yes');
    expect(
      (
        await db.query(
          "SELECT total_pnl, successful_orders, capital_at_end FROM trading_sessions WHERE session_id = 's'",
        )
      ).rows,
    ).toEqual([{ total_pnl: 98.3, successful_orders: 3, capital_at_end: 100098.3 }]);
    expect((await db.cli('doctor', 'ledger', '--strict')).code).toBe(0);
  });
});
