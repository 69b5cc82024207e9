import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { shell } from '../../helpers/process.ts';

const folder = mkdtempSync(join(tmpdir(), 'pinnacle-export-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Listed = Record<string, unknown>;
/** A row of a list without what it is judged by, which an export leaves to its reader. */
const stored = ({ gain_percent, weight, ...row }: Listed) => row;

describe.each(databases)('an export of the $name database', ({ openCold: open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    for (const user of ['u', 'v']) await given.user(db, user);
    await db.query(
      `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, created_at, updated_at)
       SELECT 'o-' || lpad(g::text, 5, '0'), 'u', 'TCS', 'BUY', 'LIMIT', g, g / 4.0, '2026-01-30 03:45:00.25', '2026-01-30 03:45'
       FROM generate_series(1, 4999) g`,
    );
    await db.json(
      'order',
      'place',
      '--user',
      'v',
      '--symbol',
      'INFY',
      '--side',
      'BUY',
      '--quantity',
      '4',
      '--order-id',
      'v-1',
    );
    await db.json('order', 'fill', 'v-1', '--quantity', '4', '--price', '10.5');
    await db.query(
      `UPDATE orders SET error_message = E'=cmd|x, "quoted"\\n\\\\second \\u202e line' WHERE order_id = 'o-00007'`,
    );
  });
  afterAll(() => db?.close());

  const sorted = <T extends object>(rows: T[]) => rows.map((row) => JSON.stringify(row)).sort();

  it('has every row that the list has, as NDJSON', async () => {
    const { code, stdout } = await db.cli('order', 'export', '--format', 'ndjson');
    expect(code).toBe(0);
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(sorted(rows)).toEqual(sorted(await db.json<object[]>('order', 'list', '--all')));
    expect(stdout).not.toMatch(/\u202e/);
  });

  it('has every row that the list has, as CSV, and no live formula', async () => {
    const columns = Object.keys((await db.json<object[]>('order', 'list', '--limit', '1'))[0] ?? {}).join(
      ',',
    );
    const { stdout } = await db.cli('order', 'export', '--user', 'u');
    const listed = await db.cli('order', 'list', '--user', 'u', '--all', '--csv', '--columns', columns);
    expect(stdout.split('\n')[0]).toBe(columns);
    expect(stdout.split('\n').sort()).toEqual(listed.stdout.split('\n').sort());
    expect(stdout).toContain(`"'=cmd|x, ""quoted""`);
  });

  it('into a file says how many rows, how large, and its SHA-256; the file is its owner’s alone', async () => {
    const file = join(folder, `${db.name}.csv.gz`);
    const done = await db.json('order', 'export', '--output', file, '--gzip');
    const written = readFileSync(file);
    expect(done).toEqual({
      file,
      rows: 5_000,
      bytes: written.length,
      sha256: createHash('sha256').update(written).digest('hex'),
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(gunzipSync(written).toString()).toBe((await db.cli('order', 'export')).stdout);
    expect(await db.cli('order', 'export', '--output', file)).toMatchObject({ code: 5, stdout: '' });
    expect(readFileSync(file)).toEqual(written);
    expect((await db.cli('order', 'export', '--output', file, '--force', '--user', 'v')).code).toBe(0);
    expect(gunzipSync(readFileSync(file)).toString().split('\n')).toHaveLength(3);
  });

  it('is of positions, sessions and notifications, too', async () => {
    await db.json('session', 'start', '--user', 'v');
    for (const [noun, more] of [
      ['position', ['--status', 'any']],
      ['session', []],
      ['notification', []],
    ] as const) {
      const { code, stdout } = await db.cli(noun, 'export', '--format', 'ndjson', ...more);
      const rows = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect([noun, code, rows]).toEqual([
        noun,
        0,
        (await db.json<Listed[]>(noun, 'list', ...more)).map(stored),
      ]);
    }
  });

  it('has amounts, numbers and times as the list has them, however PostgreSQL writes them', async () => {
    await db.query(`INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price,
        unrealized_pnl, realized_pnl, status, opened_at, closed_at, created_at, updated_at)
      SELECT 'odd-' || i, 'v', 'ODD', 'LONG', 0, price, price, pnl, pnl, 'CLOSED', at, at, at, at
      FROM unnest(
        '{-0, 0.5, 12, 1e-7, 1.5e20, 0, 12.345, 7.1}'::double precision[], '{-0, -0.5, -12, 1e-7, 1.5e20, 0, 12.345, -7.1}'::double precision[],
        ARRAY['12026-01-31 03:45', '12026-01-31 03:45:00.5', 'infinity', '-infinity', '0044-03-15 12:00 BC',
          '9999-12-31 23:59:59.999999', '2026-01-31 03:45', '2026-01-31 03:45:00.123']::timestamp[]
      ) WITH ORDINALITY AS t (price, pnl, at, i)`);
    const flags = ['--user', 'v', '--status', 'CLOSED'];
    const listed = (await db.json<Listed[]>('position', 'list', ...flags)).map(stored);
    expect(listed).toHaveLength(8);
    const lines = (await db.cli('position', 'export', ...flags, '--format', 'ndjson')).stdout;
    expect(
      sorted(
        lines
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line)),
      ),
    ).toEqual(sorted(listed));
    const columns = Object.keys(listed[0] ?? {}).join(',');
    const csv = await db.cli('position', 'list', ...flags, '--csv', '--columns', columns);
    const exported = await db.cli('position', 'export', ...flags);
    expect(exported.stdout.split('\n').sort()).toEqual(csv.stdout.split('\n').sort());
    expect(exported.stdout).not.toMatch(/-0(\.0+)?[,\n]/);
    await db.query("DELETE FROM positions WHERE symbol = 'ODD'");
  });

  it('has rows of a megabyte', async () => {
    await db.query(`INSERT INTO notifications (notification_id, notification_type, alert_level, title, message)
      SELECT 'large-' || i, 'SYSTEM_ERROR', 'INFO', 'Large', repeat('x', i * 100000) FROM generate_series(1, 12) i`);
    const { stdout } = await db.cli('notification', 'export', '--format', 'ndjson');
    const sizes = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).message.length);
    expect(sizes.filter((size) => size >= 100_000).sort((a, b) => a - b)).toEqual(
      [...Array(12).keys()].map((i) => (i + 1) * 100_000),
    );
    await db.query("DELETE FROM notifications WHERE title = 'Large'");
  });

  it('is of the audit log as it is hashed', async () => {
    await db.json('audit', 'seal');
    const { stdout } = await db.cli('audit', 'export');
    const entries = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const { rows } = await db.query(
      'SELECT l.id::text, l.body, s.hash FROM audit_log l LEFT JOIN audit_seals s ON s.audit_id = l.id ORDER BY l.id',
    );
    expect(entries.map(({ id, body, hash }) => ({ id, body, hash }))).toEqual(rows);
  });

  it('is nothing but its header where there is nothing', async () => {
    const { stdout } = await db.cli('order', 'export', '--status', 'REJECTED');
    expect(stdout.split('\n')).toHaveLength(2);
    expect((await db.cli('order', 'export', '--status', 'REJECTED', '--format', 'ndjson')).stdout).toBe('');
  });

  it('refuses what it cannot do', async () => {
    const onTerminal = await db.cliWith({ tty: true }, 'order', 'export', '--gzip');
    expect(onTerminal).toMatchObject({ code: 2, stdout: '' });
    expect(await db.cli('order', 'export', '--json')).toMatchObject({ code: 2, stdout: '' });
    const nowhere = join(folder, 'no', 'such', 'folder.csv');
    expect(await db.cli('order', 'export', '--output', nowhere)).toMatchObject({ code: 74, stdout: '' });
  });

  it('ends quietly when its reader leaves', async () => {
    const { code, stdout, stderr } = await shell(
      db.env,
      '$PINNACLE order export --format ndjson | head -n 1; exit 0',
    );
    expect({ code, stderr, lines: stdout.split('\n').length }).toEqual({ code: 0, stderr: '', lines: 2 });
  });
});

it('leaves nothing under the name on a full disk', async ({ skip }) => {
  const disk = mkdtempSync(join(tmpdir(), 'pinnacle-small-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk], { stdio: 'ignore' });
  } catch {
    rmSync(disk, { recursive: true });
    return skip('no tmpfs can be mounted here');
  }
  try {
    const database = databases.at(0);
    const db = await database?.open();
    await given.user(db as TestDatabase, 'u');
    await db?.query(
      `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price)
       SELECT 'o-' || g, 'u', 'TCS', 'BUY', 'LIMIT', g, 1 FROM generate_series(1, 3000) g`,
    );
    writeFileSync(join(disk, 'kept'), 'x');
    const file = join(disk, 'orders.csv');
    expect(await db?.cli('order', 'export', '--output', file)).toMatchObject({ code: 74, stdout: '' });
    expect(existsSync(file)).toBe(false);
    expect(execFileSync('ls', [disk], { encoding: 'utf8' })).toBe('kept\n');
    await db?.close();
  } finally {
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true });
  }
});
