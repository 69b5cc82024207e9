import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, ownServer, servers, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { words } from '../helpers/words.ts';

type Row = Record<string, unknown>;
const UNSEALED = `SELECT l.id FROM audit_log l
  WHERE NOT EXISTS (SELECT FROM audit_seals s WHERE s.audit_id = l.id) ORDER BY l.id`;

describe.each(databases)('the audit log on $name', ({ open }) => {
  const server = ownServer();
  let db: TestDatabase;
  let folder: string;
  beforeAll(async () => {
    db = await open(4, server());
    folder = mkdtempSync(join(tmpdir(), 'pinnacle-audit-'));
    await given.user(db);
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await db?.close();
  });

  it('is sealed by the command that wrote it', async () => {
    expect((await db.query(UNSEALED)).rows).toEqual([]);
  });

  it('records what was refused, and not a dry run', async () => {
    const again = words('user add --user-id trader_001 --name X --email x@example.com --json');
    expect((await db.cli(...again, '--dry-run')).code).toBe(5);
    expect((await db.cli(...again)).code).toBe(5);
    const place = words('order place --user trader_001 --symbol TCS --side BUY --quantity 1 --order-id o1');
    expect((await db.cli(...place)).code).toBe(0);
    expect((await db.cli(...place)).code).toBe(5);
    const denied = await db.json<Row[]>('audit', 'list', '--command', 'denied');
    expect(denied).toMatchObject([
      { target: 'user trader_001', body: { command: 'order place', code: 'ORDER_EXISTS' } },
      { target: '-', body: { command: 'user add', code: 'USER_EXISTS' } },
    ]);
    expect((await db.cli('doctor', 'ledger')).code).toBe(0);
  });

  it('is listed by who, what, on what and when', async () => {
    const ids = async (...flags: string[]) =>
      (await db.json<Row[]>('audit', 'list', ...flags)).map((row) => `${row['command']} ${row['target']}`);
    expect(await ids('--target', 'order o1')).toEqual(['order place order o1']);
    await db.refused('audit list --actor nobody', { code: 3, error: 'AUDIT_ENTRY_NOT_FOUND' });
    expect(await ids('--command', 'user add', '--since', '1h', '--until', '2100-01-01')).toEqual([
      'user add user trader_001',
    ]);
    const first = await db.cli('audit', 'list', '--limit', '2');
    const cursor = /--after (\S+)/.exec(first.stderr)?.[1] ?? '';
    expect(await ids('--limit', '1', '--after', cursor)).toEqual(['denied -']);
  });

  it('shows an entry with its seal and those beside it', async () => {
    const [entry] = await db.json<Row[]>('audit', 'list', '--target', 'order o1');
    expect(await db.json('audit', 'show', String(entry?.['id']))).toMatchObject({
      command: 'order place',
      body: { order: { order_id: 'o1' } },
      state: 'sealed',
      neighbours: [{ state: 'sealed' }],
    });
    expect((await db.cli('audit', 'show', '999999')).code).toBe(3);
  });

  it('is exported whole, for its owner only, and never over a file by accident', async () => {
    const file = join(folder, 'audit.ndjson');
    const { rows, sha256 } = await db.json('audit', 'export', '--output', file);
    const text = readFileSync(file, 'utf8');
    expect(text.trim().split('\n')).toHaveLength(Number(rows));
    expect(createHash('sha256').update(text).digest('hex')).toBe(sha256);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await db.cli('audit', 'export', '--output', file)).code).toBe(5);
    expect(readFileSync(file, 'utf8')).toBe(text);
    const table = join(folder, 'audit.csv');
    await db.json('audit', 'export', '--output', table);
    expect(readFileSync(table, 'utf8')).toMatch(/^id,txid,at,actor,command,target,body,seq,cluster,hash\n1,/);
  });
});

describe.each(servers)('sealing on $name', ({ open }) => {
  const server = ownServer();
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open(4, server());
    for (let i = 0; i < 8; i++) await given.user(db, `trader_${i}`);
  });
  afterAll(() => db?.close());

  it('takes 8 writers at once without a deadlock, and leaves nothing unsealed', async () => {
    const { rows: before } = await db.query(
      'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
    );
    const line = (i: number) => words(`order place --user trader_${i} --symbol TCS --side BUY --quantity 1`);
    const writer = async (i: number) => {
      const codes: number[] = [];
      for (let n = 0; n < 10; n++) codes.push((await db.cli(...line(i))).code);
      return codes;
    };
    const codes = (await Promise.all(Array.from({ length: 8 }, (_, i) => writer(i)))).flat();
    expect(codes).toEqual(Array(80).fill(0));
    expect(await db.json('audit', 'seal')).toMatchObject({ unsealed: 0 });
    expect((await db.cli('audit', 'verify')).code).toBe(0);
    const { rows: after } = await db.query(
      'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
    );
    expect(after).toEqual(before);
  }, 120_000);

  it('waits for a transaction that is still open, and seals its entry when it ends', async () => {
    const open = new pg.Client({ connectionString: db.env['DATABASE_URL'] ?? '' });
    await open.connect();
    try {
      await open.query('BEGIN');
      const { rows } = await open.query(
        "INSERT INTO audit_log (command, target, body) VALUES ('test', 'late', '{}') RETURNING id",
      );
      await given.user(db, 'trader_behind');
      expect(await db.json('audit', 'seal')).toMatchObject({ sealed: 0, unsealed: 1 });
      expect((await db.cli('audit', 'verify')).code).toBe(0);
      await open.query('COMMIT');
      expect(await db.json('audit', 'seal')).toMatchObject({ sealed: 2, unsealed: 0 });
      expect((await db.cli('audit', 'verify')).code).toBe(0);
      expect(await db.json('audit', 'show', String(rows[0]?.id))).toMatchObject({ state: 'sealed' });
    } finally {
      await open.end();
    }
  });

  it('stops none of the writes when it cannot be done', async () => {
    await db.query('ALTER FUNCTION audit_seal(integer, boolean) RENAME TO audit_seal_gone');
    await given.user(db, 'trader_unsealed');
    expect((await db.query(UNSEALED)).rows).toHaveLength(1);
    await db.query('ALTER FUNCTION audit_seal_gone(integer, boolean) RENAME TO audit_seal');
    expect(await db.json('audit', 'seal', '--dry-run')).toMatchObject({ sealed: 0, unsealed: 1 });
    expect(await db.json('audit', 'seal')).toMatchObject({ sealed: 1, unsealed: 0 });
  });
});

describe.each(databases)('durations in the audit log on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db);
  });
  afterAll(() => db.close());

  it('tells how long each change took, also one that was refused, but not how long a question waited', async () => {
    const place = words('order place --user trader_001 --symbol TCS --side BUY --quantity 1 --order-id o1');
    await db.json(...place);
    await db.refused(place, { code: 5 });
    const [first] = await db.json<Row[]>('audit', 'list', '--command', 'denied', '--limit', '1');
    expect(first?.['duration_ms']).toEqual(expect.any(Number));
    const began = performance.now();
    const waitMs = 400;
    const { code } = await db.cliWith(
      { tty: true, answer: { to: '(y/N)', keys: 'y\r', meanwhile: () => sleep(waitMs) } },
      ...words('risk halt trader_001 --reason test'),
    );
    const spent = performance.now() - began;
    expect(code).toBe(0);
    const halts = await db.json<Row[]>('audit', 'list', '--command', 'risk halt');
    expect(halts.length).toBeGreaterThan(1);
    const took = halts.map((row) => Number(row['duration_ms']));
    expect(took.every((ms) => ms >= 0)).toBe(true);
    // Of the first change and the second together, which do not count each other.
    expect(took.reduce((sum, ms) => sum + ms)).toBeLessThanOrEqual(spent - waitMs);
    const { duration_ms, body } = await db.json<Row>('audit', 'show', String(halts[0]?.['id']));
    expect(body).toMatchObject({ by: { duration_ms, os_user: 'tester' } });
  });

  it('says nothing of the duration of entries that do not tell it', async () => {
    const body = '{"by":{"os_user":"x"},"order":{"duration_ms":5}}';
    await db.query('INSERT INTO audit_log (command, target, body) VALUES ($1, $2, $3)', [
      'order note',
      'order o9',
      body,
    ]);
    expect(await db.json<Row[]>('audit', 'list', '--command', 'order note')).toMatchObject([
      { duration_ms: null },
    ]);
  });
});
