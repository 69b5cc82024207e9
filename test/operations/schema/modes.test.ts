import { afterEach, describe, expect, it } from 'vitest';
import { databases, servers, type TestDatabase } from '../../helpers/databases.ts';

const INSERT = (id: string, side = 'BUY', quantity = 5) =>
  `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price)
   VALUES ('${id}', 'u', 'TCS', '${side}', 'LIMIT', ${quantity}, 100)`;

describe.each(databases)('the modes of the schema on $name', ({ name, open }) => {
  let db: TestDatabase;
  afterEach(() => db?.close());
  const user = () => db.json('user', 'add', '--user-id', 'u', '--name', 'U', '--email', 'u@example.com');
  const drift = async () => (await db.cli('migrate', 'drift')).stdout;
  const states = async () =>
    Object.fromEntries(
      (await db.json<{ rule: string; state: string }[]>('schema', 'show')).map(({ rule, state }) => [
        rule,
        state,
      ]),
    );

  it('lift the rules and set them again, without drift, as often as asked', async () => {
    db = await open();
    await user();
    expect(await states()).toMatchObject({ mode: 'strict', positions_one_open: 'set', 'hold-entries': 'on' });
    expect(await drift()).toBe('');
    expect(await db.cli('schema', 'shared')).toMatchObject({ code: 0 });
    expect(await states()).toMatchObject({
      mode: 'shared',
      positions_status_agrees: 'lifted',
      positions_one_open: 'lifted',
      risk_rules_of_a_user: 'lifted',
      risk_rules_audited: 'lifted',
      'record-writes': 'on',
      'hold-entries': 'off',
    });
    expect(await drift()).toBe('');
    expect(await db.cli('schema', 'shared')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('Nothing to do'),
    });
    await db.query(`INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price)
      VALUES ('a', 'u', 'TCS', 'LONG', 1, 100, 100), ('b', 'u', 'TCS', 'LONG', -1, 100, 100)`);
    await db.query(
      "INSERT INTO risk_rules (rule_id, user_id, rule_type, rule_value) VALUES ('everyone', NULL, 'MAX_DRAWDOWN', 0.1)",
    );
    const refused = await db.cli('schema', 'strict');
    expect(refused).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('positions_one_open, such as b'),
    });
    expect(await states()).toMatchObject({ mode: 'shared', positions_one_open: 'lifted' });
    await db.query('DELETE FROM positions; DELETE FROM risk_rules');
    expect(await db.cli('schema', 'strict', '--dry-run')).toMatchObject({ code: 0 });
    expect(await states()).toMatchObject({ mode: 'shared' });
    expect(await db.cli('schema', 'strict')).toMatchObject({ code: 0 });
    expect(await states()).toMatchObject({
      mode: 'strict',
      positions_quantity_valid: 'set',
      trading_sessions_one_active: 'set',
    });
    expect(await drift()).toBe('');
  });

  it('go on where they were interrupted, and are restored with a backup', async () => {
    db = await open();
    await user();
    await db.query('ALTER TABLE positions DROP CONSTRAINT positions_status_agrees');
    expect(await drift()).not.toBe('');
    expect(await db.cli('schema', 'shared')).toMatchObject({ code: 0 });
    expect(await drift()).toBe('');
  });

  // Nothing else can write the embedded database.
  const another = it.skipIf(name === 'embedded');

  another('record who else writes what', async () => {
    db = await open();
    await user();
    await db.cli('schema', 'shared');
    await db.query(INSERT('theirs'));
    await db.query("UPDATE orders SET status = 'PLACED' WHERE order_id = 'theirs'");
    await db.json(
      ...'order place --order-id ours --user u --symbol TCS --side BUY --quantity 1 --price 100'.split(' '),
    );
    const writes = await db.json<Record<string, unknown>[]>('audit', 'foreign', '--table', 'orders');
    expect(writes).toEqual([expect.objectContaining({ row_id: 'theirs', operation: 'UPDATE', writes: 2 })]);
    await db.cli('schema', 'shared', '--record-writes', 'off');
    await db.query(INSERT('unseen'));
    expect(await db.json('audit', 'foreign', '--table', 'orders')).toEqual(writes);
    const none = await db.cliWith({ tty: true }, 'audit', 'foreign', '--table', 'users');
    expect(none.stderr).toContain('Nothing found by: pinnacle audit foreign --table users');
    expect(none.stderr).not.toContain('No other program');
    const page = await db.cli('audit', 'foreign', '--limit', '1', '--after', 'bm9uc2Vuc2U');
    expect(page.code).toBe(2);
  });

  another(
    'refuse entries of other programs while trading is halted, in strict mode; otherwise doctor names them',
    async () => {
      db = await open();
      await user();
      await db.json(
        ...'order place --order-id o --user u --symbol TCS --side BUY --quantity 5 --price 100'.split(' '),
      );
      await db.json(...'order fill o --quantity 5 --price 100'.split(' '));
      await db.json('risk', 'halt', '--all', '--reason', 'r', '--yes');
      await expect(db.query(INSERT('entry'))).rejects.toThrow(/trading is halted/);
      await db.query(INSERT('exit', 'SELL', 5));
      await expect(db.query(INSERT('too-much', 'SELL', 1))).rejects.toThrow(/trading is halted/);
      // Nor by making an order of something else afterwards.
      await db.query(
        INSERT('over').replace('price)', 'price, status)').replace(', 100)', ", 100, 'CANCELLED')"),
      );
      await expect(db.query("UPDATE orders SET status = 'PLACED' WHERE order_id = 'over'")).rejects.toThrow(
        /halted/,
      );
      await expect(db.query("UPDATE orders SET quantity = 500 WHERE order_id = 'exit'")).rejects.toThrow(
        /halted/,
      );
      await db.query("UPDATE orders SET quantity = 4 WHERE order_id = 'exit'");
      await db.cli('schema', 'shared');
      await db.query(INSERT('entry'));
      const named = await db.cli('doctor', '--check', 'halted-orders');
      expect(named).toMatchObject({
        code: 6,
        stdout: expect.stringMatching(/other programs placed 1 order .*entry/),
      });
      await db.cli('schema', 'shared', '--hold-entries', 'on');
      await expect(db.query(INSERT('later'))).rejects.toThrow(/trading is halted/);
    },
  );

  it('take an explicit NULL for the default, and a column left out', async () => {
    db = await open();
    await db.query(`INSERT INTO users (user_id, name, email, api_key, total_capital, enabled, created_at)
      VALUES ('n', 'N', 'n@example.com', 'k', NULL, NULL, NULL)`);
    await db.query("UPDATE users SET risk_tolerance = NULL WHERE user_id = 'n'");
    expect(
      (await db.query('SELECT total_capital, enabled, risk_tolerance, created_at IS NULL AS none FROM users'))
        .rows,
    ).toEqual([{ total_capital: '100000.00', enabled: true, risk_tolerance: 'medium', none: false }]);
  });
});

describe.each(servers)('a new schema on $name', ({ open }) => {
  let db: TestDatabase;
  afterEach(() => db?.close());

  it('is shared; --strict keeps every rule, also later', async () => {
    db = await open(0);
    expect(await db.cli('migrate', 'up')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('schema strict'),
    });
    const mode = async () => (await db.json<{ rule: string; state: string }[]>('schema', 'show'))[0]?.state;
    expect(await mode()).toBe('shared');
    expect((await db.cli('migrate', 'drift')).code).toBe(0);
    // Down and up again: what the mode lifted of earlier phases is lifted still.
    const name = String(db.env['DATABASE_URL']).match(/\/([^/?]+)\?/)?.[1] ?? '';
    expect((await db.cli('migrate', 'down', '--confirm', name)).code).toBe(0);
    expect((await db.cli('migrate', 'up')).code).toBe(0);
    expect(await mode()).toBe('shared');
    expect((await db.cli('migrate', 'drift')).code).toBe(0);
    expect((await db.cli('migrate', 'up', '--strict')).code).toBe(0);
    expect(await mode()).toBe('strict');
    expect((await db.cli('migrate', 'up')).code).toBe(0);
    expect(await mode()).toBe('strict');
  });
});
