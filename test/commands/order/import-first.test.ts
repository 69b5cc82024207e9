import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';

const TRADES = 4_000;

const folder = mkdtempSync(join(tmpdir(), 'pinnacle-first-'));

describe.each(servers)('the first import of trades to $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db, 'u');
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await db?.close();
  });

  it('reads no table whole for each trade, though tables were small when it began', async () => {
    await db.query('VACUUM ANALYZE positions');
    // A position each for the first thousand, as long as plans are made; then every trade turns one round.
    const rows = Array.from({ length: TRADES }, (_, i) => {
      const sold = i >= 1_000 && Math.floor(i / 5) % 2 === 0;
      const time = `2026-01-05T04:00:00.${String(i).padStart(6, '0')}Z`;
      return `t${i},S${i % 5},${sold ? 'SELL' : 'BUY'},${i < 1_000 ? 1 : 400},100,${time}`;
    });
    const path = join(folder, 'trades.csv');
    writeFileSync(path, ['trade_id,symbol,side,quantity,price,executed_at', ...rows, ''].join('\n'));
    expect(await db.json('order', 'import', path, '--as', 'trades', '--user', 'u')).toMatchObject({
      imported: TRADES,
    });
    const count = async (what: string) =>
      Number(
        (await db.query(`SELECT ${what} AS n FROM pg_stat_user_tables WHERE relname = 'positions'`))
          .rows[0]?.['n'],
      );
    // The server counts a little later.
    await expect.poll(() => count('n_tup_ins')).toBeGreaterThan(0);
    expect(await count('seq_tup_read')).toBeLessThan(TRADES * 5);
  });

  it('counts what several batches realize once in the session that runs', async () => {
    await given.user(db, 's');
    const { start_time } = await db.json<{ start_time: string }>('session', 'start', '--user', 's');
    const began = BigInt(Date.parse(start_time)) * 1_000n + 1_000n;
    const at = (i: number) => {
      const micros = began + BigInt(i);
      return `${new Date(Number(micros / 1_000n)).toISOString().slice(0, -1)}${String(micros % 1_000n).padStart(3, '0')}Z`;
    };
    const rows = Array.from(
      { length: 2_500 },
      (_, i) => `s${i},ITC,${i % 2 ? 'SELL,1,101' : 'BUY,1,100'},${at(i)}`,
    );
    const path = join(folder, 'today.csv');
    writeFileSync(path, ['trade_id,symbol,side,quantity,price,executed_at', ...rows, ''].join('\n'));
    await db.json('order', 'import', path, '--as', 'trades', '--user', 's');
    expect((await db.json<object[]>('session', 'list', '--user', 's'))[0]).toMatchObject({
      total_orders: 2_500,
      successful_orders: 2_500,
      total_pnl: '1250.00',
    });
    expect((await db.cli('doctor', 'ledger', '--user', 's')).code).toBe(0);
  });
});
