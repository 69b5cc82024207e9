import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { embedded, servers, type TestDatabase } from '../helpers/databases.ts';
import { runSql, unprivileged } from '../helpers/postgres.ts';
import { start } from '../helpers/process.ts';

/** A disk of so many MB, in memory; undefined where this machine lets nobody mount one. */
function smallDisk(megabytes: number): { folder: string; unmount: () => void } | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'none', folder], { stdio: 'pipe' });
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
  return {
    folder,
    unmount() {
      execFileSync('umount', [folder]);
      rmSync(folder, { recursive: true });
    },
  };
}

const probe = smallDisk(1);
probe?.unmount();
if (!probe)
  process.stderr.write('\n*** no disk can be mounted here (root): the tests of a full disk are skipped\n\n');
const mounting = probe ? servers : [];

/** Fills a disk but for so many KB; gives back the room. */
function fill(folder: string, left: number): () => void {
  const { bavail, bsize } = statfsSync(folder);
  const file = join(folder, 'filler');
  writeFileSync(file, Buffer.alloc(bavail * bsize - left * 1_024));
  return () => rmSync(file);
}

const ROWS = `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price)
  SELECT 'bulk-' || g || md5(g::text), 'u', 'TCS', 'BUY', 'LIMIT', g, random() FROM generate_series(1, 20000) g`;

describe.each(mounting)('a full disk under a file, on $name', ({ open }) => {
  const disk = smallDisk(8);
  const folder = disk?.folder ?? '';
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await db.json('user', 'add', '--user-id', 'u', '--name', 'U', '--email', 'u@example.com');
    await db.query(ROWS);
  });
  afterAll(async () => {
    disk?.unmount();
    await db.close();
  });

  it.each([
    ['backup create', ['backup', 'create', '--output', join(folder, 'file')]],
    ['order export', ['order', 'export', '--output', join(folder, 'file')]],
  ])('%s ends 74 with nothing partial, and works again when there is room', async (_name, argv) => {
    const room = fill(folder, 64);
    const { code, stdout, stderr } = await start(db.env, ...argv, '--json').ended;
    expect({ code, stdout, error: JSON.parse(stderr).error }).toMatchObject({
      code: 74,
      stdout: '',
      error: { code: 'OUTPUT_FAILED', message: expect.stringContaining('the disk is full') },
    });
    expect(readdirSync(folder)).toEqual(['filler']);
    room();
    expect((await start(db.env, ...argv, '--json').ended).code).toBe(0);
    expect(readdirSync(folder)).toEqual(['file']);
    rmSync(join(folder, 'file'));
  });
});

describe.each(mounting)('a full disk under the data of a $name', ({ open }) => {
  const disk = smallDisk(160);
  const space = disk?.folder ?? '';
  let db: TestDatabase;
  let url: string;
  const orders = async () => (await db.query('SELECT count(*)::int AS n FROM orders')).rows[0]?.['n'];

  beforeAll(async () => {
    db = await open(0);
    url = String(db.env['DATABASE_URL']);
    const data = join(space, 'data');
    mkdirSync(data);
    const { uid, gid } = unprivileged();
    chownSync(data, uid, gid);
    // The database's own files are on that disk; what the server needs to stay up is not.
    const admin = url.replace(/\/[^/?]+\?/, '/postgres?');
    const name = /\/([^/?]+)\?/.exec(url)?.[1] ?? '';
    await db.query('SELECT pg_terminate_backend(pg_backend_pid())').catch(() => {});
    await runSql(admin, `CREATE TABLESPACE small LOCATION '${data}'`);
    await runSql(admin, `ALTER DATABASE ${name} SET TABLESPACE small`);
    db = { ...db, query: async (sql) => ({ rows: await runSql(url, sql) }) };
    expect((await db.cli('migrate', 'up')).code).toBe(0);
    await db.json('user', 'add', '--user-id', 'u', '--name', 'U', '--email', 'u@example.com');
  });
  afterAll(async () => {
    const admin = url.replace(/\/[^/?]+\?/, '/postgres?');
    await db.close();
    await runSql(admin, 'DROP TABLESPACE small');
    disk?.unmount();
  });

  it('a write says so, changes nothing, and works again when there is room', async () => {
    const file = join(tmpdir(), `pinnacle-disk-${process.pid}.csv`);
    const header =
      'order_id,user_id,strategy_id,symbol,side,order_type,quantity,price,filled_quantity,filled_price,status,broker_order_id,error_message,retry_count,created_at,updated_at';
    const lines = Array.from(
      { length: 20_000 },
      (_, i) => `bulk-${i},u,,TCS,BUY,LIMIT,10,100,0,0,PENDING,,,0,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z`,
    );
    writeFileSync(file, `${[header, ...lines].join('\n')}\n`);
    const room = fill(space, 512);
    const argv = ['order', 'import', file, '--as', 'orders', '--json'];
    const { code, stdout, stderr } = await start(db.env, ...argv).ended;
    expect({ code, stdout, error: JSON.parse(stderr.slice(stderr.indexOf('{'))).error }).toMatchObject({
      code: 7,
      stdout: '',
      error: {
        ...{ code: 'DATABASE_EXHAUSTED', retryable: true, changed: false },
        message: expect.stringMatching(/^The disk of the server .* is full \(SQLSTATE 53100\)\.$/),
      },
    });
    // A session that begins on a full disk may be refused by the server.
    room();
    expect(await orders()).toBe(0);
    expect((await db.cli('order', 'list')).code).toBe(0);
    expect((await start(db.env, ...argv).ended).code).toBe(0);
    expect(await orders()).toBe(20_000);
    expect((await db.cli('doctor', 'ledger')).code).toBe(0);
    rmSync(file);
  });
});

describe.skipIf(!probe)('a disk under the embedded database', () => {
  it('that is full ends 74, leaves nothing behind, and works again when there is room', async () => {
    const disk = smallDisk(80);
    const folder = disk?.folder ?? '';
    const db = await embedded.open();
    const env = { ...db.env, PINNACLE_DATA_DIR: join(folder, 'data', 'db') };
    try {
      mkdirSync(join(folder, 'data'));
      for (const left of [0, 8_192]) {
        const room = fill(folder, left);
        const { code, stderr } = await start(env, 'migrate', 'up', '--json').ended;
        expect(code).toBe(74);
        expect(stderr).toContain('the disk is full');
        // What is copied half is copied anew.
        expect(readdirSync(join(folder, 'data')).filter((name) => name !== 'db.new')).toEqual([]);
        room();
      }
      expect((await start(env, 'migrate', 'up').ended).code).toBe(0);
      expect(readdirSync(join(folder, 'data'))).toEqual(['db']);
    } finally {
      disk?.unmount();
      await db.close();
    }
  });

  it('that gets full under its rows ends 74 and names the folder, whatever is run, until there is room', async () => {
    const disk = smallDisk(140);
    const folder = disk?.folder ?? '';
    const db = await embedded.open();
    const data = join(folder, 'db');
    const env = { ...db.env, PINNACLE_DATA_DIR: data };
    try {
      execFileSync('cp', ['-R', String(db.env['PINNACLE_DATA_DIR']), data]);
      const run = (...argv: string[]) => start(env, ...argv, '--json').ended;
      const user = ['user', 'add', '--user-id', 'u', '--name', 'U', '--email', 'u@example.com'];
      expect((await run(...user)).code).toBe(0);
      const header = 'order_id,user_id,symbol,side,order_type,quantity,price,status,created_at';
      const rows = Array.from(
        { length: 40_000 },
        (_, i) => `bulk-${i},u,TCS,BUY,LIMIT,10,100,CANCELLED,2026-01-01`,
      );
      const file = join(String(db.env['TMPDIR']), `pinnacle-disk-${process.pid}.csv`);
      writeFileSync(file, [header, ...rows].join('\n'));
      const room = fill(folder, 8_192);
      // The first fails in a statement; the engine cannot start for the others.
      for (const argv of [['order', 'import', file, '--as', 'orders'], user, ['order', 'list']]) {
        const { code, stdout, stderr } = await run(...argv);
        const { error } = JSON.parse(stderr.slice(stderr.indexOf('{"error"')));
        expect({ argv, code, stdout, error }).toMatchObject({
          ...{ argv, code: 74, stdout: '' },
          error: { code: 'OUTPUT_FAILED', message: `${data} cannot be written: the disk is full.` },
        });
      }
      room();
      expect(await run('order', 'list')).toMatchObject({ code: 0, stdout: '[]\n' });
      expect((await run('doctor', 'ledger')).code).toBe(0);
      rmSync(file);
    } finally {
      disk?.unmount();
      await db.close();
    }
  });

  it('that can only be read is named', async () => {
    const disk = smallDisk(80);
    const folder = disk?.folder ?? '';
    const db = await embedded.open();
    try {
      const data = join(folder, 'db');
      execFileSync('cp', ['-R', String(db.env['PINNACLE_DATA_DIR']), data]);
      execFileSync('mount', ['-o', 'remount,ro', folder]);
      for (const PINNACLE_DATA_DIR of [data, join(folder, 'none', 'db')]) {
        const { code, stderr } = await start({ ...db.env, PINNACLE_DATA_DIR }, 'migrate', 'up').ended;
        expect({ code, stderr }).toEqual({
          code: 78,
          stderr: expect.stringContaining('cannot be created or written'),
        });
      }
      const root = { HOME: folder, TMPDIR: folder, XDG_CACHE_HOME: '' };
      const drift = await start({ ...db.env, ...root }, 'migrate', 'drift').ended;
      expect([drift.code, drift.stderr]).toEqual([78, expect.stringContaining(`The folder ${folder}`)]);
    } finally {
      disk?.unmount();
      await db.close();
    }
  });
});
