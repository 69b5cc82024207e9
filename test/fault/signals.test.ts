import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../helpers/databases.ts';
import { shell, start } from '../helpers/process.ts';
import { TIMED } from '../helpers/timed.ts';
import { words } from '../helpers/words.ts';

/** Long work, and the table that it is kept waiting at. */
const LONG: readonly [line: string, table: string][] = [
  ['order export --output {folder}/orders.csv', 'orders'],
  ['order import examples/trades.csv --as trades --user u1', 'orders'],
  ['audit export --output {folder}/audit.ndjson', 'audit_log'],
  ['audit verify', 'audit_log'],
  ['audit seal', 'audit_log'],
  ['doctor ledger', 'positions'],
  ['risk check', 'risk_rules'],
  ['keys rotate', 'users'],
  ['session end --all', 'trading_sessions'],
  ['retention run --yes', 'notifications'],
  ['backup create --output {folder}/b.pinbackup', 'orders'],
  ['partition enable orders --yes', 'orders'],
  ['migrate redo --keep-capital --confirm {database}', 'risk_rules'],
  ['order list --all', 'orders'],
];
const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 143],
] as const;

describe.each(servers)('a signal during long work on $name', ({ open }) => {
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-signals-'));
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    db.env['PINNACLE_KEYRING_FILE'] = join(folder, 'ring.json');
    for (const line of [
      'keys generate',
      'user add --user-id u1 --name A --email a@example.com --capital 1000000 --json',
      'risk set u1 MAX_ORDERS_PER_DAY 9',
      'session start --user u1',
    ])
      expect((await db.cli(...words(line))).code).toBe(0);
    await db.query(`INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price)
      SELECT 'o' || n, 'u1', 'TCS', 'BUY', 'LIMIT', 1, 1 FROM generate_series(1, 20000) n`);
  });
  afterAll(async () => {
    await db.close();
    rmSync(folder, { recursive: true });
  });

  const fingerprint = async () =>
    JSON.stringify(
      (
        await db.query(`SELECT (SELECT count(*) FROM orders) AS orders, (SELECT count(*) FROM order_fills) AS fills,
          (SELECT count(*) FROM audit_log) AS entries, (SELECT status FROM trading_sessions) AS session,
          (SELECT count(*) FROM pinnacle_migrations) AS phases`)
      ).rows,
    );

  it.each(LONG.flatMap(([line, table]) => SIGNALS.map(([signal, code]) => ({ line, table, signal, code }))))(
    '$line ends at $signal within two seconds, with $code and nothing half done',
    TIMED,
    async ({ line, table, signal, code }) => {
      // The server ends the session of a process that was ended when it next hears of it.
      const left =
        "SELECT FROM pg_stat_activity WHERE application_name LIKE 'pinnacle/%' AND datname = current_database()";
      await expect.poll(async () => (await db.query(left)).rows.length, { timeout: 30_000 }).toBe(0);
      const before = await fingerprint();
      const files = readdirSync(folder);
      const { rows } = await db.query('SELECT current_database() AS name');
      const name = String(rows[0]?.['name']);
      await db.query('BEGIN');
      await db.query(`LOCK TABLE ${table}`);
      const argv = words(line.replace('{folder}', folder).replace('{database}', name));
      const { child, ended } = start(db.env, ...argv);
      const waiting = `SELECT FROM pg_locks WHERE NOT granted AND relation = '${table}'::regclass`;
      while ((await db.query(waiting)).rows.length === 0) await new Promise((tick) => setTimeout(tick, 10));
      const sent = performance.now();
      child.kill(signal);
      const { code: ending, stderr } = await ended;
      const took = performance.now() - sent;
      await db.query('COMMIT');
      expect({ ending, stderr }).toEqual({
        ending: code,
        stderr: expect.stringMatching(signal === 'SIGINT' ? /Interrupted/ : /Terminated/),
      });
      // The two seconds that a command has, and what a busy machine takes to tell.
      expect(took).toBeLessThan(2_500);
      expect(await fingerprint()).toBe(before);
      expect(readdirSync(folder)).toEqual(files);
    },
  );

  it.each(['order export', 'order export --format ndjson', 'order list --all'])(
    '%s ends quietly when its reader has left',
    TIMED,
    async (line) => {
      const started = performance.now();
      const { stdout, stderr } = await shell(db.env, `$PINNACLE ${line} | head -n 1`);
      expect({ lines: stdout.split('\n').length, stderr }).toEqual({ lines: 2, stderr: '' });
      expect(performance.now() - started).toBeLessThan(5_000);
    },
  );
});
