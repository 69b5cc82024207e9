import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { databases, servers, type TestDatabase } from '../../helpers/databases.ts';
import { SHAPES, type Shape } from './shapes.ts';

let db: TestDatabase;
afterEach(() => db?.close());

const shapeOf = (name: string) => SHAPES.find((shape) => shape.name === name) as Shape;

describe.each(databases)('an adopted $name database', ({ open }) => {
  it('does everything that one of ours does', async () => {
    db = await open(0);
    for (const text of shapeOf('columns and objects of their own').sql(40)) await db.query(text);
    expect((await db.cli('migrate', 'adopt')).code).toBe(0);
    expect(await db.json('user', 'list')).toHaveLength(20);
    expect(await db.json('order', 'list', '--all')).toHaveLength(40);
    expect(await db.json('position', 'list')).toHaveLength(25);
    expect(await db.json('session', 'list')).toHaveLength(3);
    const order =
      '--user trader_1 --symbol TCS --side BUY --type LIMIT --quantity 10 --price 100 --order-id new';
    await db.json('order', 'place', ...order.split(' '));
    await db.json('order', 'fill', 'new', '--quantity', '10', '--price', '100');
    expect(await db.json('position', 'list', '--user', 'trader_1', '--symbol', 'TCS')).toHaveLength(1);
    expect(await db.json('order', 'show', 'an order of theirs 2')).toMatchObject({
      order_id: 'an order of theirs 2',
    });
    await db.json('order', 'cancel', 'an order of theirs 2');
    await db.refused(['order', 'show', 'an  order'], { code: 2 });
    await db.json('user', 'add', '--user-id', 'ours', '--name', 'O', '--email', 'o@example.com');
    const [{ telegram_chat_id, tier } = {}] = (
      await db.query("SELECT telegram_chat_id, tier FROM users WHERE user_id = 'ours'")
    ).rows;
    expect({ telegram_chat_id, tier }).toEqual({ telegram_chat_id: null, tier: '' });
    expect([0, 6]).toContain((await db.cli('doctor', '--json')).code);
    const audits = await db.audits('migrate adopt');
    expect(audits).toMatchObject([{ target: 'schema', body: { adopted: { kept: expect.any(Array) } } }]);
  });

  it('accepts API keys that are stored in the clear until they are replaced, and names them', async () => {
    db = await open(0);
    for (const text of shapeOf('enums under their names').sql(40)) await db.query(text);
    expect((await db.cli('migrate', 'adopt')).code).toBe(0);
    await db.query("UPDATE users SET api_key = 'key-in-the-clear' WHERE user_id = 'trader_1'");
    const verify = async (stdin: string) => (await db.cliWith({ stdin }, 'user', 'verify-key')).code;
    const { rows } = await db.query("SELECT api_key FROM users WHERE user_id = 'trader_2'");
    expect(await verify('key-in-the-clear')).toBe(0);
    expect(await verify('key-of-somebody')).toBe(3);
    expect(await verify(String(rows[0]?.['api_key']))).toBe(2);
    const check = () => db.json<Record<string, unknown>[]>('doctor', '--check', 'api-keys');
    expect(await check()).toMatchObject([
      { state: 'warn', detail: '1 stored in the clear, the oldest: trader_1' },
    ]);
    await db.json('user', 'rotate-key', 'trader_1', '--grace', '1h');
    expect(await verify('key-in-the-clear')).toBe(0);
    expect((await db.query('SELECT length(api_key) AS n FROM api_key_grace')).rows).toEqual([{ n: 64 }]);
    expect(await check()).toMatchObject([{ state: 'ok' }]);
  });

  it('tells what others had written from damage', async () => {
    db = await open(0);
    for (const text of shapeOf('text instead of enums, with checks').sql(200)) await db.query(text);
    expect((await db.cli('migrate', 'adopt')).code).toBe(0);
    const { code, stdout } = await db.cli('doctor', 'ledger', '--json');
    const states = JSON.parse(stdout).map((row: Record<string, unknown>) => row['state']);
    expect({ code, damaged: states.filter((state: string) => state === 'fail') }).toEqual({
      code: 0,
      damaged: [],
    });
    expect(states).toContain('foreign');
  });

  it('counts what was there as no drift, but what changes later', async () => {
    db = await open(0);
    for (const text of shapeOf('columns and objects of their own').sql(40)) await db.query(text);
    expect((await db.cli('migrate', 'adopt')).code).toBe(0);
    expect((await db.cli('migrate', 'drift')).code).toBe(0);
    await db.query('CREATE INDEX later ON orders (updated_at)');
    await db.query('ALTER TABLE orders ALTER source DROP DEFAULT');
    const { code, stdout } = await db.cli('migrate', 'drift', '--json');
    expect({
      code,
      found: JSON.parse(stdout)
        .map((row: Record<string, unknown>) => row['object'])
        .sort(),
    }).toEqual({
      code: 6,
      found: ['orders.later', 'orders.source'],
    });
  });
});

/** Statements in the manner of an ORM, which declares the type of each parameter. */
const STATEMENTS: readonly (readonly [shape: string, type: string, id: string])[] = [
  ['enums under their names', 'orderstatus', 'varchar'],
  ['text instead of enums, with checks', 'varchar', 'varchar'],
  ['numbers as ids', 'text', 'bigint'],
];

describe.each(servers)('what services go on writing on an adopted $name', ({ open }) => {
  it.each(STATEMENTS)('made with %s', async (name, type, id) => {
    db = await open(0);
    for (const text of shapeOf(name).sql(400)) await db.query(text);
    expect((await db.cli('migrate', 'adopt')).code).toBe(0);
    const user = (await db.query('SELECT user_id FROM users LIMIT 1')).rows[0]?.['user_id'];
    await db.query(
      `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, status)
       VALUES ($1::${id}, $2::${id}, 'ITC', 'BUY', 'LIMIT', 1, 1, $3::${type})`,
      ['777', user, 'PLACED'],
    );
    await db.query(`UPDATE orders SET status = $1::${type} WHERE order_id = '777' AND status = $2::${type}`, [
      'REJECTED',
      'PLACED',
    ]);
    const { rows } = await db.query(`SELECT order_id, status FROM orders WHERE status = $1::${type}`, [
      'REJECTED',
    ]);
    expect(rows).toEqual([{ order_id: '777', status: 'REJECTED' }]);
    const { rows: some } = await db.query(
      `SELECT count(*)::int AS n FROM orders WHERE status = ANY($1::${type}[])`,
      [['REJECTED', 'FILLED']],
    );
    expect(some).toEqual([{ n: 101 }]);
    expect(await db.cli('migrate', 'drift')).toMatchObject({ code: 0, stdout: '' });
    expect(await db.json('order', 'list', '--status', 'REJECTED')).toHaveLength(1);
    await db.cli('schema', 'compat', '--off');
    expect(await db.cli('migrate', 'drift')).toMatchObject({ code: 0, stdout: '' });
  });
});

describe.each(servers)('migrate adopt on the $name', ({ open }) => {
  it('takes over tables in the schema of the configuration, and names a schema that has them', async () => {
    db = await open(0);
    await db.query('CREATE SCHEMA trading');
    await db.query('SET search_path = trading');
    for (const text of shapeOf('enums under their names').sql(40)) await db.query(text);
    await db.refused('migrate adopt', { code: 5, error: 'NOTHING_TO_ADOPT', stderr: 'schema trading' });
    const config = join(mkdtempSync(join(tmpdir(), 'pinnacle-adopt-')), 'pinnacle.config.json');
    writeFileSync(config, JSON.stringify({ database: { schema: 'trading' } }), { mode: 0o600 });
    const run = (...argv: string[]) => db.cliWith({}, ...argv, '--config', config);
    expect(await run('migrate', 'adopt')).toMatchObject({ code: 0 });
    expect(await run('migrate', 'drift')).toMatchObject({ code: 0, stdout: '' });
    expect(JSON.parse((await run('order', 'list', '--all', '--json')).stdout)).toHaveLength(40);
    expect((await db.query("SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace")).rows).toEqual(
      [],
    );
  });
});
