import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cli as program } from '../../helpers/cli.ts';
import { startRedis, type TestRedis } from '../../helpers/redis.ts';

const NOW = new Date('2026-01-30T12:00:00Z');
const OLD =
  'SYMBOL,SERIES,OPEN,HIGH,LOW,CLOSE,LAST,PREVCLOSE,TOTTRDQTY,TOTTRDVAL,TIMESTAMP,TOTALTRADES,ISIN,';
const UDIFF =
  'TradDt,BizDt,Sgmt,Src,FinInstrmTp,FinInstrmId,ISIN,TckrSymb,SctySrs,XpryDt,FininstrmActlXpryDt,StrkPric,OptnTp,FinInstrmNm,OpnPric,HghPric,LwPric,ClsPric,LastPric,PrvsClsgPric,UndrlygPric,SttlmPric,OpnIntrst,ChngInOpnIntrst,TtlTradgVol,TtlTrfVal,TtlNbOfTxsExctd,SsnId,NewBrdLotQty,Rmks,Rsvd1,Rsvd2,Rsvd3,Rsvd4';

/** A row of either layout; prices are open, high, low, close, last and the close of the day before. */
const old = (symbol: string, series: string, prices: string, day = '06-JAN-2021') =>
  `${symbol},${series},${prices},771,99.5,${day},12,INE216A01030,`;
const udiff = (symbol: string, series: string, prices: string, expiry = '') =>
  `2026-01-29,2026-01-29,CM,NSE,STK,1,INE1,${symbol},${series},${expiry},,,,${symbol} LTD,${prices},,1,,,771,99.5,12,F1,1,,,,,`;

let redis: TestRedis;
let folder: string;
beforeAll(async () => {
  redis = await startRedis();
  folder = await mkdtemp(join(tmpdir(), 'pinnacle-bhavcopy-'));
});
afterAll(async () => {
  await redis?.stop();
  await rm(folder, { recursive: true });
});
beforeEach(() => redis.cli('flushall'));

const load = async (name: string, lines: readonly string[], ...flags: string[]) => {
  const path = join(folder, name);
  const text = `${lines.join('\n')}\n`;
  await writeFile(path, name.endsWith('.gz') ? gzipSync(text) : text);
  return program(['market', 'import', path, '--json', ...flags], { env: { REDIS_URL: redis.url }, now: NOW });
};
const held = async (symbol: string) =>
  JSON.parse((await redis.cli('get', `market_data:${symbol}`)) || 'null');

describe('market import of a bhavcopy', () => {
  it('takes EQ whatever the order of the series, and names the others', async () => {
    const lines = [
      OLD,
      old('BRITANNIA', 'EQ', '3560,3579.9,3519.15,3543.65,3541.65,3555.3'),
      old('BRITANNIA', 'N2', '32.2,32.3,32.1,32.23,32.23,32.2'),
      old('RELIANCE', 'BL', '1,1,1,1,1,1'),
      old('RELIANCE', 'EQ', '1978,1980,1910,1914.25,1912.5,1966.1'),
      old('SGBJUN28', 'GB', '5000,5000,5000,5000,4999,-'),
      old('63MOONS', 'BE', '80,82,79,81,81.5,0'),
      old('63MOONS', 'N1', '7,7,7,7,7,7'),
      old('NHAI', 'N1', '1100,1100,1100,1100,1100,1100'),
      old('NHAI', 'N2', '1200,1200,1200,1200,1200,1200'),
    ];
    const { code, stdout, stderr } = await load('old.csv.gz', lines);
    expect({ code, ...JSON.parse(stdout) }).toEqual({ code: 0, rows: 9, imported: 4, older: 0 });
    expect(stderr).toContain(
      'Passed over 5 rows of other series than the shares: BRITANNIA N2 at 32.23 (line 3), RELIANCE BL at 1 (line 4), 63MOONS N1 at 7 (line 8), NHAI N1 at 1100 (line 9), NHAI N2 at 1200 (line 10).',
    );
    expect(stderr).toContain('Times without an offset are read in Asia/Kolkata.');
    expect(await held('BRITANNIA')).toEqual({
      symbol: 'BRITANNIA',
      ltp: 3541.65,
      timestamp: 1_609_927_200,
      open: 3560,
      high: 3579.9,
      low: 3519.15,
      close: 3555.3,
      volume: 771,
    });
    expect((await held('RELIANCE')).ltp).toBe(1912.5);
    expect((await held('SGBJUN28')).ltp).toBe(4999);
    expect((await held('63MOONS')).ltp).toBe(81.5);
    expect(await held('NHAI')).toBe(null);
  });

  it('reads UDiFF, and goes on behind rows without a last price and of contracts', async () => {
    const lines = [
      UDIFF,
      udiff('TCS', 'EQ', '4000,4020,3990,4010,4012.5,4005'),
      udiff('IDLE', 'EQ', '0,0,0,0,0,55'),
      udiff('IDLE', 'N1', '1000,1000,1000,1000,1000,1000'),
      udiff('NIFTY', '', '1,1,1,1,1,1', '2026-02-26'),
    ];
    const refused = await load('udiff.csv', lines);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('line 3: IDLE EQ has no last price: it was not traded');
    expect(await redis.cli('dbsize')).toBe('0');
    const { code, stdout, stderr } = await load('udiff.csv', lines, '--keep-going');
    const rejects = join(folder, 'udiff.csv.rejects.csv');
    expect({ code, ...JSON.parse(stdout) }).toEqual({
      code: 6,
      rows: 2,
      imported: 1,
      older: 0,
      rejected: 2,
      rejects_file: rejects,
    });
    expect(stderr).toContain('IDLE N1 at 1000 (line 4)');
    expect(await readFile(rejects, 'utf8')).toBe(
      'line,reason\n3,IDLE EQ has no last price: it was not traded\n5,"is of a contract on NIFTY, not of a share"\n',
    );
    expect(await held('TCS')).toEqual({
      symbol: 'TCS',
      ltp: 4012.5,
      timestamp: 1_769_680_800,
      open: 4000,
      high: 4020,
      low: 3990,
      close: 4005,
      volume: 771,
    });
    expect(await redis.cli('dbsize')).toBe('1');
  });

  it('reads the file with deliveries', async () => {
    const lines = [
      'SYMBOL, SERIES, DATE1, PREV_CLOSE, OPEN_PRICE, HIGH_PRICE, LOW_PRICE, LAST_PRICE, CLOSE_PRICE, AVG_PRICE, TTL_TRD_QNTY, TURNOVER_LACS, NO_OF_TRADES, DELIV_QTY, DELIV_PER',
      'TCS, EQ, 29-Jan-2026, 4005, 4000, 4020, 3990, 4012.5, 4010, 4008, 771, 1, 12, -, -',
      'IDLE, BE, 29-Jan-2026, 5, 0, 0, 0, -, 0, 0, 0, 0, 0, -, -',
    ];
    const { code, stdout } = await load('full.csv', lines, '--keep-going');
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 6, imported: 1, rejected: 1 });
    expect(await held('TCS')).toMatchObject({
      ltp: 4012.5,
      close: 4005,
      timestamp: 1_769_680_800,
    });
  });

  it('refuses two prices of one series at one time, and writes neither with --keep-going', async () => {
    const lines = [
      OLD,
      old('TCS', 'EQ', '1,1,1,1,1,1'),
      old('TCS', 'EQ', '2,2,2,2,2,2'),
      old('ITC', 'EQ', '3,3,3,3,3,3'),
      old('ITC', 'EQ', '3,3,3,3,3,3'),
    ];
    const refused = await load('twice.csv', lines);
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('line 3: TCS stands twice at one time, at 1 and at 2 (line 2)'),
    });
    const { code, stdout, stderr } = await load('twice.csv', lines, '--keep-going');
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({
      code: 6,
      rows: 2,
      imported: 1,
      older: 0,
      rejected: 2,
    });
    expect(stderr).toContain('Passed over 1 line equal to another one.');
    expect([await held('TCS'), (await held('ITC')).ltp]).toEqual([null, 3]);
  });

  it('does not overwrite a later quote, nor a file of rejects', async () => {
    await load('new.csv', ['symbol,ltp,timestamp', 'TCS,9,2021-01-06T15:30:01+05:30']);
    const { stdout } = await load('older.csv', [OLD, old('TCS', 'EQ', '1,1,1,1,1,1')]);
    expect(JSON.parse(stdout)).toEqual({ rows: 1, imported: 0, older: 1 });
    await writeFile(join(folder, 'taken.csv'), '');
    const taken = await load('r.csv', [OLD], '--keep-going', '--rejects', join(folder, 'taken.csv'));
    expect(taken).toMatchObject({ code: 5, stderr: expect.stringContaining('FILE_EXISTS') });
    expect((await load('empty.csv', [OLD])).code).toBe(2);
  });
});
