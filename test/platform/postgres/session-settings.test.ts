import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { start } from '../../helpers/process.ts';

let db: TestDatabase;
afterEach(() => db?.close());

const folder = mkdtempSync(join(tmpdir(), 'pinnacle-settings-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Changes a setting of the database for every session to come. */
const setForAll = (name: string, value: string) =>
  db.query(
    `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET ${name} = ${value.replaceAll("'", "''")}', current_database()); END $$`,
  );

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/;

// The embedded engine runs without a postmaster and so never reads the settings of a database.
describe.each(servers)('settings of the database on the $name', ({ open }) => {
  it.each([
    ['DateStyle', "'German'"],
    ['DateStyle', "'SQL, DMY'"],
    ['DateStyle', "'Postgres'"],
    ['IntervalStyle', "'iso_8601'"],
    ['extra_float_digits', '-15'],
    ['standard_conforming_strings', 'off'],
    ['bytea_output', "'escape'"],
    ['array_nulls', 'off'],
    ['TimeZone', "'Asia/Kolkata'"],
    ['default_transaction_isolation', "'serializable'"],
    ['quote_all_identifiers', 'on'],
  ])('%s = %s changes no output and no command', async (name, value) => {
    db = await open();
    await setForAll(name, value);
    await given.user(db, 't1');
    const file = join(folder, 'trades.csv');
    writeFileSync(
      file,
      'trade_id,symbol,side,quantity,price,executed_at\nd1,WIPRO,BUY,3,500.125,2026-01-05T10:00:00\nd2,TCS,BUY,1,0.1,2026-01-06T10:00:00\n',
    );
    const argv = ['order', 'import', file, '--as', 'trades', '--user', 't1'];
    expect(await db.json(...argv)).toMatchObject({ imported: 2, known: 0 });
    expect(await db.json(...argv)).toMatchObject({ imported: 0, known: 2 });
    const user = await db.json<{ created_at: string }>('user', 'show', 't1');
    expect(user.created_at).toMatch(TIME);
    const page = await db.cli('order', 'list', '--limit', '1', '--json', 'order_id,filled_price,created_at');
    const [first] = JSON.parse(page.stdout) as {
      order_id: string;
      filled_price: number;
      created_at: string;
    }[];
    expect(first).toMatchObject({ filled_price: 0.1, created_at: expect.stringMatching(TIME) });
    const [, cursor = ''] = /--after (\S+)/.exec(page.stderr) ?? [];
    const rest = await db.json<object[]>('order', 'list', '--after', cursor);
    expect(rest).toHaveLength(1);
    const asOf = await db.json<object[]>('position', 'list', '--user', 't1', '--as-of', '2026-01-07');
    expect(asOf).toHaveLength(2);
    expect(await db.cli('migrate', 'drift')).toMatchObject({ code: 0, stdout: '' });
  });

  it('default_transaction_read_only = on makes a write fail, and says so', async () => {
    db = await open();
    await setForAll('default_transaction_read_only', 'on');
    const { code, stderr } = await db.cli('strategy', 'list');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const write = await db.cli('risk', 'halt', '--all', '--reason', 'test', '--yes', '--json');
    expect(write).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('default_transaction_read_only'),
    });
  });
});

describe.each(servers)('options on the $name', ({ open }) => {
  const names = async () => {
    const { rows } = await db.query(
      "SELECT DISTINCT schemaname FROM pg_tables WHERE schemaname IN ('public', 'trading')",
    );
    return rows;
  };

  it('of the URL count beside ours', async () => {
    db = await open(0);
    await db.query('CREATE SCHEMA trading');
    const url = `${db.env['DATABASE_URL']}&options=-c%20search_path%3Dtrading%20-c%20DateStyle%3DGerman`;
    expect((await db.cliWith({ env: { DATABASE_URL: url } }, 'migrate', 'up')).code).toBe(0);
    expect(await names()).toEqual([{ schemaname: 'trading' }]);
    const status = await db.cliWith(
      { env: { DATABASE_URL: url } },
      'migrate',
      'status',
      '--json',
      'applied_at',
    );
    for (const { applied_at } of JSON.parse(status.stdout)) expect(applied_at).toMatch(TIME);
  });

  it('of PGOPTIONS count beside ours', async () => {
    db = await open(0);
    await db.query('CREATE SCHEMA trading');
    const env = { ...db.env, PGOPTIONS: '-c search_path=trading' };
    expect((await start(env, 'migrate', 'up').ended).code).toBe(0);
    expect(await names()).toEqual([{ schemaname: 'trading' }]);
  });
});
