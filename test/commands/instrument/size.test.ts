import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../../helpers/databases.ts';
import { shell } from '../../helpers/process.ts';
import { TIMED } from '../../helpers/timed.ts';

const ROWS = 95_000;
/** Of the processor, which other programs do not take from it as they take time; on a quiet machine it is less than 4. */
const CPU_SECONDS = 20;
const MORE_MIB = 150;

/** A scrip master as large as that of the broker: shares of two exchanges, and options. */
const scrips = () => Array.from({ length: ROWS }, (_, i) => (i < SHARES ? share(i) : option(i)));
const SHARES = 12_000;

const named = (i: number, symbol: string, exch_seg: string, name: string) => ({
  ...{ token: String(1_000 + i), symbol, exch_seg, name, tick_size: '5.000000' },
});

function share(i: number) {
  const name = `NAME${i >> 1}`;
  const [symbol, exchange] = i % 2 === 0 ? [`${name}-EQ`, 'NSE'] : [name, 'BSE'];
  const terms = { expiry: '', strike: '-1.000000', lotsize: '1', instrumenttype: '', freeze_qty: '-1' };
  return { ...named(i, symbol, exchange, name), ...terms };
}

function option(i: number) {
  const strike = 10_000 + Math.floor(i / 400) * 50;
  const symbol = `NAME${i % 200}30DEC26${strike}${i % 400 < 200 ? 'CE' : 'PE'}`;
  const terms = { expiry: '30DEC2026', strike: `${strike * 100}.000000`, lotsize: '75', freeze_qty: '1800' };
  return { ...named(i, symbol, 'NFO', `NAME${i % 200}`), ...terms, instrumenttype: 'OPTSTK' };
}

describe.each(servers)('a whole scrip master on $name', ({ open }) => {
  let db: TestDatabase;
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-master-'));
  const master = join(folder, 'master.json');
  const watch = join(folder, 'watch.cjs');
  beforeAll(async () => {
    db = await open();
    writeFileSync(master, JSON.stringify(scrips()));
    writeFileSync(
      watch,
      "process.on('exit', () => require('node:fs').writeFileSync(process.env.MEMORY, JSON.stringify(process.resourceUsage())));",
    );
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await db?.close();
  });

  /** Runs a line as a process; gives the seconds of the processor and the most memory that it had, in MiB. */
  async function run(line: string) {
    const memory = join(folder, 'memory');
    const env = {
      ...db.env,
      NODE_OPTIONS: `--require ${watch}`,
      MEMORY: memory,
      PINNACLE: 'bin/pinnacle.js',
      FILE: master,
    };
    const { code, stdout, stderr } = await shell(env, `$PINNACLE ${line}`);
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    const { maxRSS, userCPUTime } = JSON.parse(readFileSync(memory, 'utf8'));
    return { stdout, seconds: userCPUTime / 1e6, mib: maxRSS / 1_024 };
  }

  it(
    `of ${ROWS} rows is imported in a bounded time and memory, and again with nothing to write`,
    TIMED,
    async () => {
      await db.query('DELETE FROM instruments');
      const bare = await run('instrument search nothing --json');
      const first = await run('instrument import "$FILE" --timeout 5m --json');
      expect(JSON.parse(first.stdout)).toMatchObject({ rows: ROWS, left_out: 0, unlisted: 0 });
      const again = await run('instrument import "$FILE" --timeout 5m --json');
      expect(JSON.parse(again.stdout)).toMatchObject({ added: 0, changed: 0 });
      expect(first.mib - bare.mib).toBeLessThan(MORE_MIB);
      expect(again.mib - bare.mib).toBeLessThan(MORE_MIB);
      expect(first.seconds).toBeLessThan(CPU_SECONDS);
      expect(again.seconds).toBeLessThan(CPU_SECONDS);
    },
  );
});
