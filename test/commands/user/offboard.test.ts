import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

type Row = Record<string, unknown>;

describe.each(databases)('a user who leaves, on $name', ({ open }) => {
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-offboard-'));
  let db: TestDatabase;
  let key: string;
  beforeAll(async () => {
    db = await open();
    key = String(
      (await db.json(...words('user add --user-id u1 --name A --email a@example.com --capital 1000000')))[
        'api_key'
      ],
    );
    await given.user(db, 'u2');
    await given.strategy(db, 's');
    for (const user of ['u1', 'u2']) {
      await db.json(...words(`strategy activate s --user ${user}`));
      await db.json(...words(`session start --user ${user}`));
      await given.position(db, { user, quantity: 10, price: 100 });
    }
    const sent = await given.order(db, { user: 'u1', symbol: 'INFY', type: 'LIMIT', price: 10 });
    await db.json('order', 'send', sent);
    await given.order(db, { user: 'u1', symbol: 'WIPRO', type: 'LIMIT', price: 10 });
    await given.order(db, { user: 'u2', symbol: 'WIPRO', type: 'LIMIT', price: 10 });
  });
  afterAll(async () => {
    await db.close();
    rmSync(folder, { recursive: true });
  });

  const offboard = (flags: string) =>
    db.cliWith({ cwd: folder }, ...words(`user offboard u1 --to history ${flags} --json`));
  const state = async () =>
    (
      await db.query(`SELECT enabled, api_key,
        (SELECT string_agg(status::text, ' ' ORDER BY order_id) FROM orders o WHERE o.user_id = u.user_id AND symbol <> 'TCS') AS orders,
        (SELECT status FROM user_strategies s WHERE s.user_id = u.user_id) AS strategy
       FROM users u ORDER BY user_id`)
    ).rows as Row[];

  it('asks for the id, and shows in a dry run what would be left', async () => {
    const before = await state();
    for (const [flags, code] of [
      ['', 4],
      ['--yes', 4],
      ['--confirm u2', 2],
    ] as const)
      await db.refused(words(`user offboard u1 --to history ${flags}`), { code }, { cwd: folder });
    await db.refused('user offboard u1', { code: 2 });
    await db.refused('user offboard nobody --to x --confirm nobody', { code: 3 });
    const planned = await offboard('--dry-run');
    expect(planned.code).toBe(6);
    expect(JSON.parse(planned.stdout)).toMatchObject({
      strategies_stopped: 1,
      orders_cancelled: 1,
      folder: null,
    });
    expect(readdirSync(folder)).toEqual([]);
    expect(await state()).toEqual(before);
  });

  it('refuses a folder of something else before anything is done', async () => {
    const before = await state();
    mkdirSync(join(folder, 'other'));
    writeFileSync(join(folder, 'other', 'orders.csv'), 'mine');
    await db.refused(
      words('user offboard u1 --to other --confirm u1'),
      { code: 5, error: 'FILE_EXISTS' },
      { cwd: folder },
    );
    expect(await state()).toEqual(before);
    expect(readFileSync(join(folder, 'other', 'orders.csv'), 'utf8')).toBe('mine');
  });

  it('ends all that can end, here and at the broker, and names the rest with its command', async () => {
    const [, other] = await state();
    const { code, stdout, stderr } = await offboard('--reason left --confirm u1');
    expect({ code, row: JSON.parse(stdout), stderr }).toMatchObject({
      code: 6,
      row: {
        user_id: 'u1',
        enabled: false,
        strategies_stopped: 1,
        orders_cancelled: 2,
        left: [
          { what: 'positions', count: 1, amount: '0.00', next: 'pinnacle position close --all --user u1' },
          { what: 'session', count: 1, next: 'pinnacle session end u1' },
          { what: 'capital', amount: '1000000.00', next: 'pinnacle user withdraw u1 1000000.00' },
        ],
      },
    });
    expect(await state()).toMatchObject([
      { enabled: false, orders: 'CANCELLED CANCELLED', strategy: 'STOPPED' },
      other,
    ]);
    await db.json(...words('user enable u1'));
    expect((await db.cliWith({ stdin: key }, ...words('user verify-key'))).code).toBe(3);
    expect((await db.audits('user offboard'))[0]).toMatchObject({
      target: 'user u1',
      body: { was_enabled: true, keys_revoked: true, strategies: ['s'], orders_cancelled: 1, reason: 'left' },
    });
  });

  it('leaves a history that is whole, without secrets and of nobody else', async () => {
    const place = join(folder, 'history');
    expect(statSync(place).mode & 0o777).toBe(0o700);
    const read = (name: string) => readFileSync(join(place, name), 'utf8');
    expect(readdirSync(place)).toEqual(
      expect.arrayContaining([
        'orders.csv',
        'order_fills.csv',
        'positions.csv',
        'audit_log.csv',
        'users.csv',
        'history.json',
      ]),
    );
    for (const name of readdirSync(place)) {
      expect(statSync(join(place, name)).mode & 0o777).toBe(0o600);
      expect(read(name)).not.toMatch(/\bu2\b/);
    }
    expect(read('users.csv').split('\n')[0]).toBe(
      'user_id,name,email,total_capital,risk_tolerance,enabled,created_at,last_login',
    );
    expect(read('users.csv')).toContain('u1,A,a@example.com,1000000.00,medium,false,');
    expect(read('orders.csv').trim().split('\n')).toHaveLength(4);
    expect(read('order_fills.csv').trim().split('\n')).toHaveLength(2);
    expect(read('audit_log.csv')).toContain('user offboard');
    expect(read('audit_log.csv')).toContain('order place');
    expect(read('audit_log.csv')).toContain('session start');
    expect(read('broker_calls.csv').trim().split('\n').length).toBeGreaterThan(1);
    expect(read('paper_orders.csv')).toContain('INFY');
    // Whatever table says whose its rows are: here, or named with the reason.
    const { rows } =
      await db.query(`SELECT DISTINCT c.relname AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace
        AND a.attname IN ('user_id', 'order_id', 'position_id')`);
    const missing = rows
      .map(({ name }) => String(name))
      .filter((name) => !readdirSync(place).includes(`${name}.csv`));
    // Hashes of keys, and what counts calls within the limits of the broker.
    expect(missing.sort()).toEqual(['api_key_grace', 'broker_slots']);
  });

  it('revokes the keys where one is in force, whatever the log says of them', async () => {
    const revoked = async () => (await db.audits('user offboard')).at(-1)?.body['keys_revoked'];
    await db.query("UPDATE users SET api_key = encode(sha256('pin'), 'hex') WHERE user_id = 'u1'");
    await offboard('--confirm u1');
    expect(await revoked()).toBe(true);
    await db.query(
      "INSERT INTO api_key_grace (api_key, user_id, expires_at, created_at) VALUES (encode(sha256('old'), 'hex'), 'u1', now() + interval '1 day', now())",
    );
    await offboard('--confirm u1');
    expect(await revoked()).toBe(true);
    expect((await db.query('SELECT FROM api_key_grace')).rows).toEqual([]);
    const { length } = await db.audits('user offboard');
    await offboard('--confirm u1');
    expect(await db.audits('user offboard')).toHaveLength(length);
  });

  it('goes on with what is left when it is repeated, and changes nothing that is done', async () => {
    const again = await offboard('--confirm u1');
    expect({ code: again.code, row: JSON.parse(again.stdout) }).toMatchObject({
      code: 6,
      row: { strategies_stopped: 0, orders_cancelled: 0 },
    });
    const entries = await db.audits();
    const before = await state();
    await offboard('--confirm u1');
    expect(await db.audits()).toEqual(entries);
    expect(await state()).toEqual(before);
    await db.json(...words('position close --all --user u1 --yes'));
    await db.json(...words('order send --user u1 --yes'));
    await db.json(...words('position mark TCS=101'));
    expect((await db.cli(...words('broker paper run'))).code).toBe(0);
    await db.cli(...words('broker sync u1'));
    await db.json(...words('session end --user u1'));
    const done = await offboard('--confirm u1');
    expect({ code: done.code, left: JSON.parse(done.stdout).left.map(({ what }: Row) => what) }).toEqual({
      code: 0,
      left: ['capital'],
    });
    expect((await db.cli('doctor', 'ledger')).code).toBe(0);
  });
});
