import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli } from '../../helpers/cli.ts';

const NOW = new Date('2026-07-10T10:00:00Z');

describe('import inspect', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pinnacle-inspect-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const inspect = async (name: string, content: string | Buffer, ...more: string[]) => {
    await writeFile(join(folder, name), content);
    const { code, stdout, stderr } = await cli(['import', 'inspect', name, '--json', ...more], {
      cwd: folder,
      home: folder,
      now: NOW,
    });
    expect(await readdir(folder)).toContain(name);
    return { code, stderr, ...(stdout && JSON.parse(stdout)) };
  };

  it('names the broker, the columns, the times and the command of a good file', async () => {
    const file = [
      'Report Title,Tradebook report,,,,',
      ',,,,,',
      'Symbol name,Symbol code,Date & time,Side,Qty,Traded price',
      'TCS,TCS-EQ,"02 Jul 2026, 02:40:00 PM",BUY,15,340.30',
      'ITC-BE,ITC-BE,"01 Jul 2026, 10:00:00 AM",SELL,"1,500",400',
    ];
    expect(await inspect('fyers.csv', `${file.join('\r\n')}\r\n`)).toEqual({
      code: 0,
      stderr: '',
      file: 'fyers.csv',
      rows_are: 'trades',
      layout: 'fyers',
      format: 'CSV',
      encoding: 'UTF-8',
      delimiter: 'comma',
      header_line: 3,
      mapping: [
        { column: 'symbol', in_file: 'Symbol name' },
        { column: 'side', in_file: 'Side' },
        { column: 'quantity', in_file: 'Qty' },
        { column: 'price', in_file: 'Traded price' },
        { column: 'executed_at', in_file: 'Date & time' },
      ],
      times: 'Times without an offset are read in Asia/Kolkata, dates such as 03/04/2026 as 3 April.',
      rows: 2,
      earliest: '2026-07-01T04:30:00.000000Z',
      latest: '2026-07-02T09:10:00.000000Z',
      problems: 0,
      first_problem: null,
      notes: [
        { note: 'Symbols are booked without exchange and series: ITC-BE as ITC.' },
        { note: expect.stringContaining('other ids in its API than in its downloads') },
      ],
      command: 'order import fyers.csv --as trades --user USER --from fyers',
    });
    expect(await readdir(folder)).toEqual(['fyers.csv']);
  });

  const TRADES = 'trade_id,symbol,side,quantity,price,executed_at';
  it.each<[name: string, content: string | Buffer, expected: object, flags: string[]]>([
    [
      'our trades',
      `\ufeff${TRADES},note\n1,TCS,BUY,1,1,2026-01-05,x\n`,
      { layout: 'pinnacle', encoding: 'UTF-8 with BOM', notes: [{ note: 'Columns left out: note' }] },
      [],
    ],
    [
      'gzip',
      gzipSync('symbol,ltp,timestamp\nTCS,1,2026-01-05\n'),
      { rows_are: 'quotes', rows: 1, command: 'market import gzip' },
      [],
    ],
    [
      'a bhavcopy',
      'SYMBOL,SERIES,OPEN,HIGH,LOW,CLOSE,LAST,PREVCLOSE,TOTTRDQTY,TOTTRDVAL,TIMESTAMP,TOTALTRADES,ISIN,\n' +
        'TCS,EQ,1,2,1,1,1.5,1,9,9,06-JAN-2021,3,INE467B01029,\n',
      {
        rows_are: 'quotes',
        layout: 'bhavcopy',
        earliest: '2021-01-06T10:00:00.000000Z',
        command: "market import 'a bhavcopy'",
      },
      [],
    ],
    [
      'NDJSON',
      '{"trade_id":1,"symbol":"TCS","side":"BUY","quantity":1,"price":1,"executed_at":"2026-01-05"}',
      { format: 'NDJSON', delimiter: null, header_line: null, rows_are: 'trades' },
      [],
    ],
    [
      'orders',
      'order_id,user_id,symbol,side,order_type,quantity,price,status,created_at\no1,u1,TCS,BUY,LIMIT,1,1,REJECTED,2026-01-05\n',
      {
        rows_are: 'orders',
        rows: 1,
        times: 'Times without an offset are read in UTC.',
        command: 'order import orders --as orders --time-zone UTC',
      },
      ['--time-zone', 'UTC'],
    ],
  ])('takes %s for what it is', async (name, content, expected, flags) => {
    expect(await inspect(name, content, ...flags)).toMatchObject({ code: 0, problems: 0, ...expected });
  });

  it.each<[name: string, content: string | Buffer, expected: object, problem: string]>([
    [
      'semicolons',
      `${TRADES.replaceAll(',', ';')}\n1;TCS;BUY;1;1;2026-01-05\n`,
      { delimiter: 'semicolon', rows_are: 'trades' },
      'separated by semicolons',
    ],
    [
      'a workbook',
      'PK\u0003\u0004',
      { format: null, encoding: 'ZIP archive or Excel workbook' },
      'no text in UTF-8',
    ],
    ['UTF-16', Buffer.from(`\ufeff${TRADES}\n`, 'utf16le'), { format: null, encoding: 'UTF-16' }, 'UTF-16'],
    [
      'Latin-1',
      Buffer.from(`${TRADES}\n1,TC\u00dc,BUY,1,1,2026-01-05\n`, 'latin1'),
      { encoding: 'not UTF-8, perhaps Latin-1' },
      'line 2: is not UTF-8',
    ],
    [
      'two prices',
      'symbol,ltp,timestamp\nA,1,2026-01-05\nA,2,2026-01-05\n',
      { rows: 2, problems: 2 },
      'line 2: A stands twice at one time, at 2 and at 1 (line 3)',
    ],
    [
      'two trades of one id',
      `${TRADES}\n1,TCS,BUY,1,1,2026-01-05\n1,TCS,BUY,1,1,2026-01-05\n1,TCS,BUY,1,2,2026-01-05\n`,
      { rows: 2, problems: 1 },
      'line 4: trade 1 is also in line 3, with price 1, not 2',
    ],
    ['nothing', '', { format: null }, 'It is empty.'],
    [
      'something else',
      'a,b\u001b[2J\n1,2\n',
      { rows_are: null, command: null },
      'no columns of trades, orders or quotes; its columns are a, b',
    ],
    [
      'ambiguous dates',
      `${TRADES}\n1,TCS,BUY,1,1,2026-01-05\n2,TCS,BUY,1,1,03/04/2026\n3,TCS,BUY,1,0,2026-01-05\n`,
      { rows: 1, problems: 2 },
      'line 3: executed_at is a date in one order or the other: give --dates dmy',
    ],
  ])('names the first problem of %s, and ends 6', async (name, content, expected, problem) => {
    const found = await inspect(name, content);
    expect(found).toMatchObject({ code: 6, ...expected });
    expect(found.first_problem).toContain(problem);
  });

  it('refuses a file that is not there, and a pipe', async () => {
    for (const file of ['none.csv', '-']) {
      const { code, stdout } = await cli(['import', 'inspect', file], { cwd: folder });
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    }
  });
});
