import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../../helpers/databases.ts';
import { SHAPES, type Shape } from './shapes.ts';

const ORDERS = Number(process.env['PINNACLE_ADOPT_ORDERS'] ?? 2_000);
const KILLS = Number(process.env['PINNACLE_ADOPT_KILLS'] ?? 1);
const root = fileURLToPath(new URL('../../..', import.meta.url));

let db: TestDatabase;
afterEach(() => db?.close());

const shapeOf = (name: string) => SHAPES.find((shape) => shape.name === name) as Shape;

async function make({ sql }: Shape): Promise<void> {
  for (const text of sql(ORDERS)) await db.query(text);
}

/** Everything about the tables and their rows, as long as nothing adopts them. */
async function oldState(): Promise<unknown> {
  const { rows } = await db.query(`
    SELECT (SELECT md5(string_agg(o::text, ',' ORDER BY o::text)) FROM orders o) AS orders,
      (SELECT md5(string_agg(u::text, ',' ORDER BY u::text)) FROM users u) AS users,
      (SELECT string_agg(a.attrelid::regclass || a.attname || a.atttypid::regtype, ',' ORDER BY a.attrelid::regclass::text, a.attname)
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'public'::regnamespace) AS columns,
      (SELECT string_agg(conname, ',' ORDER BY conrelid::regclass::text, conname) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace) AS constraints`);
  return rows;
}

/** Runs `migrate adopt` in a process of its own, killed after some time. */
async function adoptFor(ms: number): Promise<void> {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], ...db.env };
  const child = spawn(process.execPath, [`${root}/bin/pinnacle.js`, 'migrate', 'adopt'], { env });
  const ended = new Promise((resolve) => child.on('close', resolve));
  await Promise.race([sleep(ms), ended]);
  child.kill('SIGKILL');
  await ended;
  for (;;) {
    const { rows } = await db.query(
      "SELECT FROM pg_stat_activity WHERE application_name = 'pinnacle/migrate adopt' AND datname = current_database()",
    );
    if (rows.length === 0) return;
    await sleep(20);
  }
}

async function isAdopted(): Promise<boolean> {
  const { rows } = await db.query("SELECT to_regclass('pinnacle_migrations') IS NOT NULL AS adopted");
  return rows[0]?.['adopted'] === true;
}

describe.each(servers)('migrate adopt on the live $name', ({ open }) => {
  it(`leaves the old or the new when it is killed, ${KILLS} times`, async () => {
    const shape = shapeOf('uuid ids');
    db = await open(0);
    await make(shape);
    const started = performance.now();
    await adoptFor(60_000);
    const whole = performance.now() - started;
    expect(await isAdopted()).toBe(true);
    let old: unknown;
    for (let kill = 0; kill < KILLS; kill++) {
      if (await isAdopted()) {
        await db.close();
        db = await open(0);
        await make(shape);
        old = await oldState();
      }
      await adoptFor(whole * (0.3 + 0.75 * Math.random()));
      if (await isAdopted()) expect(await db.cli('migrate', 'drift')).toMatchObject({ code: 0, stdout: '' });
      else expect(await oldState()).toEqual(old);
    }
  });

  it.each([
    'enums under their names',
    'text instead of enums, with checks',
    'times of India without a zone, some tables missing',
  ])('loses nothing of what others write meanwhile: %s', async (name) => {
    const shape = shapeOf(name);
    db = await open(0);
    await make(shape);
    const writer = new pg.Client({ connectionString: String(db.env['DATABASE_URL']) });
    await writer.connect();
    let failed: unknown;
    writer.on('error', (error) => {
      failed ??= error;
    });
    const written: string[] = [];
    let goOn = true;
    const writing = (async () => {
      while (goOn) {
        const id = `written meanwhile ${written.length}`;
        await writer.query({ name: 'insert', text: shape.insert, values: [id, 'trader_1'] });
        written.push(id);
      }
    })().catch((error) => {
      failed = error;
    });
    await sleep(50);
    const { code, stderr } = await db.cli('migrate', 'adopt', ...(shape.flags ?? []));
    const during = written.length;
    while (written.length < during + 50 && failed === undefined) await sleep(5);
    goOn = false;
    await writing;
    await writer.end();
    expect(failed).toBeUndefined();
    expect(code, stderr).toBe(0);
    const { rows } = await db.query("SELECT order_id FROM orders WHERE order_id LIKE 'written%'");
    expect(rows.map((row) => row['order_id']).sort()).toEqual(written.sort());
  });
});
