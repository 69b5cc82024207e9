import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

type Row = Record<string, unknown>;

const HEADER = 'trade_id,symbol,side,quantity,price,executed_at,strategy_id';
// Monday, 4 March 2024, to Friday: bought on Monday, sold in part on Tuesday, short on Thursday, flat on Friday.
const TRADES = `${HEADER}
H1,TCS,BUY,10,100,2024-03-04T10:00:00+05:30,
H2,TCS,SELL,4,120,2024-03-05T10:00:00+05:30,
H3,INFY,BUY,5,50,2024-03-05T11:00:00+05:30,
H4,TCS,SELL,10,110,2024-03-07T10:00:00+05:30,
H5,INFY,SELL,5,55,2024-03-07T15:00:00+05:30,
H6,TCS,BUY,4,105,2024-03-08T10:00:00+05:30,`;

const PLAIN = `date,symbol,close
2024-03-04,TCS,110
2024-03-05,TCS,115
2024-03-05,INFY,48.5
2024-03-05,WIPRO,1
2024-03-06,TCS,118
2024-03-07,TCS,100
2024-03-07,INFY,60
2024-03-08,TCS,90`;

// As NSE published it until July 2024, with the comma at the end; INFY trades in two series, and has a bond.
const BHAVCOPY = `SYMBOL,SERIES,OPEN,HIGH,LOW,CLOSE,LAST,PREVCLOSE,TOTTRDQTY,TOTTRDVAL,TIMESTAMP,TOTALTRADES,ISIN,
TCS,EQ,1,1,1,115,115,1,1,1,05-MAR-2024,1,INE467B01029,
INFY,BL,1,1,1,40,40,1,1,1,05-MAR-2024,1,INE009A01021,
INFY,EQ,1,1,1,48.5,48.5,1,1,1,05-MAR-2024,1,INE009A01021,
INFY,N1,1,1,1,1000,1000,1,1,1,05-MAR-2024,1,INE009A07011,
`;
const UDIFF = `TradDt,BizDt,Sgmt,Src,FinInstrmTp,FinInstrmId,ISIN,TckrSymb,SctySrs,XpryDt,FinInstrmNm,OpnPric,ClsPric,SttlmPric
2024-03-06,2024-03-06,CM,NSE,STK,11536,INE467B01029,TCS,EQ,,TATA CONSULTANCY,1,118.00,118.00
2024-03-06,2024-03-06,CM,NSE,STK,1594,INE009A01021,INFY,EQ,,INFOSYS LIMITED,1,52.00,52.00
2024-03-06,2024-03-06,FO,NSE,STF,1,,INFY,,2024-03-28,INFY24MARFUT,1,99.00,99.00
2024-03-06,2024-03-06,FO,NSE,STO,2,,INFY,,2024-03-28,INFY24MAR1500CE,0,0.00,
`;

/** A ZIP archive with these files, as far as a reader from the front looks at it. */
function zipOf(files: Record<string, string>, method: 'deflated' | 'stored' = 'deflated'): Buffer {
  const parts = Object.entries(files).map(([name, text]) => {
    const content = method === 'stored' ? Buffer.from(text) : deflateRawSync(text);
    const head = Buffer.alloc(30);
    head.write('PK\x03\x04', 'latin1');
    head.writeUInt16LE(method === 'stored' ? 0 : 8, 8);
    head.writeUInt32LE(content.length, 18);
    head.writeUInt16LE(name.length, 26);
    return Buffer.concat([head, Buffer.from(name), content]);
  });
  return Buffer.concat([...parts, Buffer.from('PK\x01\x02 the list of all, PK\x05\x06', 'latin1')]);
}

describe.each(databases)('report rebuild on $name', ({ open }) => {
  let db: TestDatabase;
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-rebuild-'));
  const file = (name: string, content: string | Buffer) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const rebuild = async (path: string, ...flags: string[]) => {
    const { code, stdout, stderr } = await db.cli('report', 'rebuild', '--json', '--prices', path, ...flags);
    return { code, stderr, days: JSON.parse(stdout || '[]') as Row[] };
  };
  const stored = async (user = 'trader_001') => {
    const { rows } = await db.query(
      `SELECT to_char(day, 'DD') AS day, capital, unrealized_pnl, long_value, short_value, executions FROM equity_snapshots
       WHERE user_id = $1 ORDER BY day`,
      [user],
    );
    return rows.map((row) => Object.values(row));
  };

  beforeAll(async () => {
    db = await open();
    for (const user of ['trader_001', 'trader_002']) await given.user(db, user);
    const { code, stderr } = await db.cliWith(
      { stdin: TRADES },
      ...words('order import - --as trades --user trader_001'),
    );
    expect(code, stderr).toBe(0);
    await db.json(...words('user deposit trader_001 1000 --day 2024-03-06'));
  });
  afterAll(async () => {
    await db.close();
    rmSync(folder, { recursive: true });
  });

  it('values what was held at the end of each day by its executions, and says what lacks a price', async () => {
    const { code, days, stderr } = await rebuild(file('plain.csv', PLAIN));
    expect(code).toBe(6);
    expect(stderr).toContain('Nobody held 1 symbol of the file: WIPRO');
    expect(stderr).toContain('1 day without a price of INFY: 2024-03-06');
    expect(days.map(({ day, incomplete, unpriced }) => [day, incomplete, unpriced])).toEqual([
      ['2024-03-04', 0, []],
      ['2024-03-05', 0, []],
      ['2024-03-06', 1, ['INFY']],
      ['2024-03-07', 0, []],
      ['2024-03-08', 0, []],
    ]);
    expect(await stored()).toEqual([
      ['04', '1000000.00', '100.00', '1100.00', '0.00', 1],
      ['05', '1000080.00', '82.50', '932.50', '0.00', 2],
      ['06', '1001080.00', null, null, null, 0],
      ['07', '1001165.00', '40.00', '0.00', '400.00', 2],
      ['08', '1001185.00', '0.00', '0.00', '0.00', 1],
    ]);
    expect(await stored('trader_002')).toEqual([]);
    expect((await db.cli('doctor', 'ledger')).code).toBe(0);
  });

  it('begins with what was first held or booked, and has only users who held or booked something', async () => {
    await db.query("UPDATE users SET created_at = '2020-01-01' WHERE user_id = 'trader_002'");
    const before = await stored();
    const early = file('plain.csv', PLAIN.replace('\n', '\n1990-01-02,TCS,1\n'));
    const { days } = await rebuild(early);
    expect(days.map(({ day, users }) => [day, users])).toEqual(
      ['04', '05', '06', '07', '08'].map((day) => [`2024-03-${day}`, 1]),
    );
    expect(await stored()).toEqual(before);
    expect(await rebuild(early, '--user', 'trader_002')).toMatchObject({ code: 0, days: [] });
  });

  it('the same again writes nothing, and a day without its prices does not replace one with them', async () => {
    const before = await stored();
    const entries = (await db.audits()).length;
    expect((await rebuild(file('plain.csv', PLAIN))).days.map(({ written }) => written)).toEqual([
      0, 0, 0, 0, 0,
    ]);
    expect((await rebuild(file('less.csv', 'date,symbol,close\n2024-03-05,TCS,1'))).days).toMatchObject([
      { written: 0 },
    ]);
    expect(await stored()).toEqual(before);
    expect(await db.audits()).toHaveLength(entries);
  });

  it.each([
    ['NSE until July 2024', 'bhav.csv', BHAVCOPY, '05', ['1000080.00', '82.50', '932.50', '0.00', 2]],
    ['gzip', 'bhav.csv.gz', gzipSync(BHAVCOPY), '05', ['1000080.00', '82.50', '932.50', '0.00', 2]],
    ['NSE since July 2024', 'udiff.csv', UDIFF, '06', ['1001080.00', '118.00', '968.00', '0.00', 0]],
    [
      'ZIP',
      'udiff.csv.zip',
      zipOf({ 'udiff.csv': UDIFF }),
      '06',
      ['1001080.00', '118.00', '968.00', '0.00', 0],
    ],
    [
      'ZIP, not compressed',
      'stored.zip',
      zipOf({ 'udiff.csv': UDIFF }, 'stored'),
      '06',
      ['1001080.00', '118.00', '968.00', '0.00', 0],
    ],
  ])('reads the file of %s', async (_what, name, content, day, row) => {
    await db.query('DELETE FROM equity_snapshots');
    const { code, stderr } = await rebuild(file(name, content), '--user', 'trader_001');
    expect(code, stderr).toBe(0);
    expect(await stored()).toEqual([[day, ...row]]);
  });

  const head = 'SYMBOL,SERIES,CLOSE,TIMESTAMP';
  it('takes EQ whatever stands before it, the first of other series, and counts rows without a close', async () => {
    await db.query('DELETE FROM equity_snapshots');
    const rows = [
      'TCS,BL,3131',
      'TCS,IL,3132',
      'TCS,IL,3133',
      'TCS,EQ,115',
      'ITC,EQ,-',
      'INFY,IL,50',
      'INFY,BL,48.5',
    ];
    const lines = [head, ...rows.map((row) => `${row},05-MAR-2024`), 'INFY,BE,0,05-MAR-2024'];
    const { code, stderr } = await rebuild(file('series.csv', lines.join('\n')), '--user', 'trader_001');
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('Passed over 2 rows without a close.');
    expect(await stored()).toEqual([['05', '1000080.00', '82.50', '932.50', '0.00', 2]]);
  });

  it('finds a symbol under the name that it has now', async () => {
    await db.json(...words('symbol alias INFY INFYNEW --from 2024-03-06'));
    const renamed = file('renamed.csv', PLAIN.replaceAll('INFY', 'INFYNEW'));
    const { days } = await rebuild(renamed, ...words('--since 2024-03-05 --until 2024-03-05'));
    expect(days).toMatchObject([{ incomplete: 0, unrealized_pnl: '82.50' }]);
    await db.json(...words('symbol unalias INFY'));
  });

  it('is what report snapshot finds at the same prices', async () => {
    await given.position(db, { user: 'trader_002', symbol: 'SBIN', quantity: 3, price: 500.35 });
    await given.position(db, { user: 'trader_002', symbol: 'SBIN', quantity: 7, price: 501.1 });
    await given.position(db, { user: 'trader_002', symbol: 'ITC', side: 'SELL', quantity: 7, price: 401.05 });
    await db.json('position', 'mark', 'SBIN=507.85', 'ITC=399.95');
    const [taken] = await db.json<Row[]>('report', 'snapshot');
    const value = async () =>
      (
        await db.query(
          `SELECT unrealized_pnl, long_value, short_value FROM equity_snapshots WHERE day = $1 AND user_id = 'trader_002'`,
          [taken?.['day']],
        )
      ).rows;
    const before = await value();
    await db.query('DELETE FROM equity_snapshots');
    const { code } = await rebuild(
      file('today.csv', `date,symbol,close\n${taken?.['day']},SBIN,507.85\n${taken?.['day']},ITC,399.95`),
    );
    expect(code).toBe(0);
    expect(await value()).toEqual(before);
  });

  it.each([
    ['no date', 'date,symbol,close\n2024-02-30,TCS,1', [], 'line 2: the date'],
    ['a mistyped year', `${PLAIN}\n1026-11-27,TCS,1`, [], 'line 10: the date'],
    ['no price', 'date,symbol,close\n2024-03-04,TCS,0', [], 'line 2: the close'],
    ['no symbol', 'date,symbol,close\n2024-03-04,?,1', [], 'line 2: the symbol'],
    [
      'two prices',
      'date,symbol,close\n2024-03-04,TCS,1\n2024-03-04,TCS,2',
      [],
      'line 3: TCS has two prices on 2024-03-04',
    ],
    [
      'two prices of EQ',
      'SYMBOL,SERIES,CLOSE,TIMESTAMP\nTCS,EQ,1,05-MAR-2024\nTCS,EQ,2,05-MAR-2024\nTCS,BL,3,05-MAR-2024',
      [],
      'line 3: TCS has two prices on 2024-03-05',
    ],
    ['fewer fields', 'date,symbol,close\n2024-03-04,TCS', [], 'line 2 has 2 fields'],
    ['other columns', 'day,price\n2024-03-04,1', [], 'has no column date, symbol'],
    ['nothing', '', [], 'is empty'],
    ['no rows', 'date,symbol,close\n', [], 'has no prices of the days'],
    ['no days of the range', PLAIN, ['--since', '2025-01-01'], 'has no prices of the days'],
    ['days to come', PLAIN, ['--until', '2999-01-01'], 'is still to come'],
    ['a range the wrong way', PLAIN, ['--since', '2024-03-05', '--until', '2024-03-04'], '--since is later'],
    ['a stored entry cut off', zipOf({ 'a.csv': PLAIN }, 'stored').subarray(0, 60), [], 'damaged or cut off'],
    [
      'several stored files',
      zipOf({ 'a.csv': PLAIN, 'b.csv': PLAIN }, 'stored'),
      [],
      'ZIP archive of several files',
    ],
    ['several files', zipOf({ 'a.csv': PLAIN, 'b.csv': PLAIN }), [], 'ZIP archive of several files'],
    ['a workbook', zipOf({ '[Content_Types].xml': '' }), [], 'Excel workbook'],
  ])('is refused for %s, and nothing is written', async (_what, content, flags, complaint) => {
    const before = await stored();
    const { code, stderr } = await rebuild(file('bad.csv', content), ...flags);
    expect(code).toBe(2);
    expect(stderr).toContain(complaint);
    expect(await stored()).toEqual(before);
  });

  it('nobody is nobody', async () => {
    expect((await rebuild(file('plain.csv', PLAIN), '--user', 'nobody')).code).toBe(3);
    expect((await rebuild(join(folder, 'nowhere.csv'))).code).toBe(2);
  });
});
