import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ownServer, servers, type TestDatabase } from '../../helpers/databases.ts';
import { start } from '../../helpers/process.ts';
import { contents, expectHealthy, liveADay, withoutSession } from './book.ts';

/** How many orders: a million in `npm run test:backup`, and none in `npm test`, whose books are small. */
const ORDERS = Number(process.env['PINNACLE_BACKUP_ORDERS'] ?? 0);

describe.skipIf(ORDERS === 0).each(servers)(
  `a book of ${ORDERS} orders on $name`,
  { timeout: 900_000 },
  ({ open }) => {
    const other = ownServer();
    const folder = mkdtempSync(join(tmpdir(), 'pinnacle-million-'));
    const file = join(folder, 'book.pinbackup');
    let db: TestDatabase;
    let empty: TestDatabase;
    beforeAll(async () => {
      [db, empty] = [await withoutSession(await open()), await withoutSession(await open(0, other()))];
      await liveADay(db);
      // One change with its audit row, as an import of orders makes it.
      await db.query(`BEGIN;
      INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, filled_quantity, filled_price, status, imported)
      SELECT 'ord_' || lpad(to_hex(i), 26, '0'), 'u1', 'SYM' || i % 200, 'BUY', 'LIMIT', 10, 100 + i % 50, 10, 100 + i % 50, 'FILLED', true
      FROM generate_series(1, ${ORDERS}) i;
      INSERT INTO audit_log (command, target, body) VALUES ('order import', 'orders', '{}');
      COMMIT`);
    }, 300_000);
    afterAll(async () => {
      await Promise.all([db.close(), empty.close()]);
      rmSync(folder, { recursive: true });
    });

    /** Runs a command that must end 0; gives the most memory that it held, in MB. */
    const run = async (of: TestDatabase, ...argv: string[]) => {
      const { child, ended } = start({ ...of.env, PINNACLE_ALLOW_SUPERUSER: '1' }, ...argv);
      let memory = 0;
      const watch = setInterval(() => {
        memory = Math.max(memory, peakOf(child.pid));
      }, 50);
      const { code, stderr } = await ended;
      clearInterval(watch);
      expect({ argv, code, stderr: code === 0 ? '' : stderr }).toEqual({ argv, code: 0, stderr: '' });
      return memory;
    };

    it('is backed up and proved, in little memory', async () => {
      const create = await run(db, 'backup', 'create', '--output', file);
      const verify = await run(db, 'backup', 'verify', file, '--deep');
      expect(Math.max(create, verify)).toBeLessThan(250);
    });

    it('is the same on a server that had nothing', async () => {
      await run(empty, 'backup', 'restore', file);
      expect(await contents(empty)).toEqual(await contents(db));
      await expectHealthy(empty);
      const ledger = ['doctor', 'ledger', '--json'];
      expect((await empty.cli(...ledger)).stdout).toBe((await db.cli(...ledger)).stdout);
    });
  },
);

/** The most memory that a process has held, in MB, as the kernel counts it. */
function peakOf(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;
  } catch {
    return 0;
  }
}
