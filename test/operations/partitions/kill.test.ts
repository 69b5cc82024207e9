import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const place = 'order place --user trader_001 --symbol TCS --side BUY --type LIMIT --quantity 1 --price 1';
let db: TestDatabase;
let child: ChildProcess | undefined;

afterEach(async () => {
  child?.kill('SIGKILL');
  await db?.close();
});

/** Starts `partition enable` as a process of its own. */
function start() {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], ...db.env };
  const argv = [`${root}/bin/pinnacle.js`, 'partition', 'enable', 'orders', '--yes'];
  const program = spawn(process.execPath, argv, { env, stdio: 'ignore' });
  child = program;
  return { program, ended: new Promise((resolve) => program.on('close', resolve)) };
}

async function until(happened: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 400; i++) {
    if (await happened()) return;
    await sleep(25);
  }
  throw new Error('it did not come so far');
}

/** Whether a step was done, and the next one waits. */
const done = (step: string) => async () =>
  step === '' ||
  (
    await db.query("SELECT FROM audit_log WHERE target = 'table orders' AND body::json ->> 'step' = $1", [
      step,
    ])
  ).rows.length > 0;

describe.each(servers)('partition enable on the $name, killed', ({ open }) => {
  it.each([
    ['before anything', 'users', ''],
    ['before the constraint', 'orders', 'reference users'],
    ['before the switch', 'positions', 'validate the range of the old table'],
  ])(
    '%s: the table works, and the next run completes it',
    async (_when, held, step) => {
      db = await open();
      await given.user(db);
      await db.json(...words(place));
      await db.query('BEGIN');
      await db.query(`LOCK TABLE ${held} IN ROW SHARE MODE`);
      const { program, ended } = start();
      await until(done(step));
      await sleep(300);
      program.kill('SIGKILL');
      await ended;
      // A trader goes on, while what was in the way still is.
      await db.json(...words(place));
      await db.query('COMMIT');
      expect(await db.json('partition', 'status')).toEqual([]);
      expect((await db.cli('partition', 'check')).code).toBe(step === '' ? 0 : 6);
      await db.json('partition', 'enable', '--yes');
      await db.json(...words(place));
      for (const proof of ['doctor ledger', 'migrate drift', 'partition check'])
        expect({ proof, ...(await db.cli(...words(proof))) }).toMatchObject({ proof, code: 0 });
      expect((await db.query('SELECT count(*)::int AS n FROM orders')).rows).toEqual([{ n: 3 }]);
    },
    30_000,
  );

  it('after the switch: what is not validated is found, and the next run validates it', async () => {
    db = await open();
    await db.json('partition', 'enable', '--yes');
    await db.query(
      `ALTER TABLE positions DROP CONSTRAINT positions_order_id_fkey,
         ADD CONSTRAINT positions_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (order_id) NOT VALID`,
    );
    expect((await db.cli('partition', 'check')).code).toBe(6);
    await db.json('partition', 'enable', '--yes');
    expect(await db.json('partition', 'check')).toEqual([]);
    expect(await db.json('migrate', 'drift')).toEqual([]);
  });

  it('afterwards a first load may go without indexes, and all are there again', async () => {
    db = await open();
    await given.user(db);
    await db.json('partition', 'enable', '--yes');
    const folder = mkdtempSync(join(tmpdir(), 'pinnacle-partition-'));
    const file = join(folder, 'orders.csv');
    const row = 'trader_001,ITC,BUY,LIMIT,1,1,FILLED,1,1,2020-01-01T00:00:00Z';
    writeFileSync(
      file,
      `order_id,user_id,symbol,side,order_type,quantity,price,status,filled_quantity,filled_price,created_at\nfirst,${row}\n`,
    );
    await db.json('order', 'import', file, '--as', 'orders', '--fast');
    rmSync(folder, { recursive: true });
    expect((await db.query('SELECT order_id FROM orders')).rows).toEqual([{ order_id: 'first' }]);
    expect(await db.json('partition', 'check')).toEqual([]);
    expect(await db.json('migrate', 'drift')).toEqual([]);
  });
});
