import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';

const ANGEL =
  'Scrip/Contract,Buy/Sell,Buy Price,Sell Price,Quantity,Brokerage,GST,STT,Sebi Tax,Exchange Turnover Charges,Stamp Duty,Other Charges,IPFT Charges,Order Type,Segment,Exchange,Order ID,Trade ID,Date';
const UPSTOX =
  'Date,Company,Amount,Exchange,Segment,Scrip Code,Instrument Type,Strike Price,Expiry,Trade Num,Trade Time,Side,Quantity,Price';
const GROWW =
  'Stock name,Symbol,ISIN,Type,Quantity,Value,Exchange,Exchange Order Id,Execution date and time,Order status';
const DHAN = 'Date,Time,Name,Buy/Sell,Order,Exchange,Segment,Quantity/Lot,Trade Price,Trade Value,Status';
const FYERS =
  'Symbol name,Symbol code,Date & time,Side,Product type,Qty,Traded price,Total value,Segment,Exchange order ID,OMS order ID';
const FREQTRADE =
  'pair,stake_amount,amount,open_date,close_date,open_rate,close_rate,fee_open,fee_close,trade_duration,profit_abs,exit_reason,is_open,is_short';

/** Files as they come from each broker, with titles, sums and cancelled orders, and the trades in them by time. */
const FILES = [
  {
    broker: 'angelone',
    lines: [
      'Client code,X1,,,,,,,,,,,,,,,,,',
      'TradeBook And Charges,,,,,,,,,,,,,,,,,,',
      ANGEL,
      'TCS-EQ,Buy,3541.65,,2,1,0.18,0,0,0,0,0,0,,CAPITAL,NSE,O1,T1,02-03-2026',
      'TCS-EQ,Sell,,3600.15,2,1,0.18,0,0,0,0,0,0,,CAPITAL,NSE,O2,T2,03-03-2026',
      'TCS-EQ,Sell,,0,0,20,3.6,0,0,0,0,0,0,,CAPITAL,NSE,O2,,03-03-2026',
      'NOTE: Data Accurate Till,03-03-2026,,,,,,,,,,,,,,,,,',
    ],
    trades: [
      'TCS BUY 2 3541.65 2026-03-01T18:30:00.000000Z T1',
      'TCS SELL 2 3600.15 2026-03-02T18:30:00.000000Z T2',
    ],
    notes: ['Passed over 2 rows without a trade: lines 6, 7.', 'exchange and series: TCS-EQ as TCS.'],
  },
  {
    broker: 'upstox',
    lines: [
      'UPSTOX SECURITIES PRIVATE LIMITED,,,,,,,,,,,,,',
      UPSTOX,
      '12-02-2025,BAJAJ-AUTO,90000.5,NSE,EQ,532977,EQ,,,7,10:15:00,Buy,10,9000.05',
      '12-03-2025,EXAMPLE TEXTILES LTD,1100,NSE,EQ,11111,EQ,,,8,15:29:59,S,5,220',
      'From 19-Jul-2025 our broking rates differ,,,,,,,,,,,,,',
    ],
    trades: [
      'BAJAJ-AUTO BUY 10 9000.05 2025-02-12T04:45:00.000000Z 7',
      'EXAMPLE TEXTILES LTD SELL 5 220 2025-03-12T09:59:59.000000Z 8',
    ],
    notes: ['The column Company has names of companies, which are booked as symbols: BAJAJ-AUTO, EXAMPLE'],
  },
  {
    broker: 'groww',
    lines: [
      'Name,Asha Rao,,,,,,,,',
      'Unique Client Code,123,,,,,,,,',
      ',,,,,,,,,',
      GROWW,
      'Infosys,INFY,INE009A01021,SELL,3,"10,500.25",NSE,13000000002,09-01-2025 11:00 AM,Executed',
      'Tata,TCS,INE467B01029,BUY,5,8000,NSE,13000000003,09-01-2025 10:59 AM,Cancelled',
      'Infosys,INFY,INE009A01021,Buy,7,10000,NSE,13000000001,08-01-2025 03:15 PM,Executed',
    ],
    trades: [
      `INFY BUY 7 ${10_000 / 7} 2025-01-08T09:45:00.000000Z 13000000001`,
      'INFY SELL 3 3500.0833333333335 2025-01-09T05:30:00.000000Z 13000000002',
    ],
    notes: ['Passed over 1 row without a trade: line 6.'],
  },
  {
    broker: 'dhan',
    lines: [
      DHAN,
      '2026-04-02,14:02:11,PNB,SELL,INTRADAY,NSE,Equity,3,100.33,301,Traded',
      '2026-04-02,09:15:00,PNB,BUY,INTRADAY,NSE,Equity,3,100,300,Traded',
      '2026-04-02,09:14:00,PNB,BUY,INTRADAY,NSE,Equity,3,90,270,Rejected',
    ],
    trades: [
      'PNB BUY 3 100 2026-04-02T03:45:00.000000Z made',
      'PNB SELL 3 100.33333333333333 2026-04-02T08:32:11.000000Z made',
    ],
    notes: ['Passed over 1 row', 'The column Name has names of companies'],
  },
  {
    broker: 'fyers',
    lines: [
      'Report Title,Tradebook report,,,,,,,,,',
      'Date Range,From 01/07/2026 to 03/07/2026,,,,,,,,,',
      ',,,,,,,,,,',
      FYERS,
      'TCS,TCS-EQ,"03 Jul 2026, 12:00:00 AM",SELL,-,1,3000,"3,000.00",Capital Market,NDIR12,-',
      'NSE:M&M-BE,M&M-BE,"02 Jul 2026, 02:40:00 PM",1,CNC,15,340.30,"5,104.50",Capital Market,"=""1300000014614276""",1',
      'NSE:M&M-BE,M&M-BE,"02 Jul 2026, 02:40:00 PM",1,CNC,15,340.30,"5,104.50",Capital Market,"=""1300000014614276""",1',
      'TCS,TCS-EQ,"01 Jul 2026, 10:00:00 AM",-1,Intraday,1,3000,"3,000.00",Capital Market,1100000000000004,2',
    ],
    trades: [
      'TCS SELL 1 3000 2026-07-01T04:30:00.000000Z made',
      'M&M BUY 15 340.3 2026-07-02T09:10:00.000000Z made',
      'M&M BUY 15 340.3 2026-07-02T09:10:00.000000Z made',
    ],
    notes: ['Passed over 1 row', 'NSE:M&M-BE as M&M.'],
  },
  {
    broker: 'freqtrade',
    lines: [
      FREQTRADE,
      'ITC/INR,1000,10.0,2026-01-12 07:15:00+00:00,2026-01-12 08:00:00,400.5,410.25,0,0,45,97.5,roi,False,False',
      'TCS/INR,1000,2.0,2026-01-13 07:15:00+00:00,,3000,,0,0,45,0,,True,True',
    ],
    trades: [
      'ITC BUY 10 400.5 2026-01-12T07:15:00.000000Z made',
      'ITC SELL 10 410.25 2026-01-12T08:00:00.000000Z made',
      'TCS SELL 2 3000 2026-01-13T07:15:00.000000Z made',
    ],
    notes: ['Times without an offset are read in UTC', 'ITC/INR as ITC, TCS/INR as TCS.'],
  },
];

describe.each(databases)('order import --from BROKER on $name', ({ open }) => {
  let db: TestDatabase;
  let folder: string;
  let users = 0;

  beforeAll(async () => {
    db = await open();
    folder = await mkdtemp(join(tmpdir(), 'pinnacle-brokers-'));
  });
  afterAll(async () => {
    await db.close();
    await rm(folder, { recursive: true });
  });

  const load = async (broker: string, lines: readonly string[], ...more: string[]) => {
    const user = await given.user(db, `trader_${++users}`);
    const path = join(folder, `${user}.csv`);
    await writeFile(path, `${lines.join('\r\n')}\r\n`);
    const again = () =>
      db.cli('order', 'import', path, '--as', 'trades', '--user', user, '--from', broker, '--json', ...more);
    return { user, again, done: await again() };
  };
  const booked = async (user: string) => {
    const { rows } = await db.query(
      `SELECT symbol, o.side, f.quantity, f.price, f.executed_at, f.broker_fill_id
       FROM order_fills f JOIN orders o USING (order_id) WHERE user_id = $1 ORDER BY f.executed_at, order_id`,
      [user],
    );
    return rows.map((row) =>
      Object.values(row)
        .join(' ')
        .replace(/made:.*/, 'made'),
    );
  };

  it.each(FILES)('books the trades in a file of $broker, and nothing the second time', async (file) => {
    const { user, again, done } = await load(file.broker, file.lines);
    expect(done).toMatchObject({ code: 0 });
    expect(JSON.parse(done.stdout)).toMatchObject({ imported: file.trades.length, known: 0, rejected: 0 });
    for (const note of file.notes) expect(done.stderr).toContain(note);
    expect(await booked(user)).toEqual(file.trades);
    expect(JSON.parse((await again()).stdout)).toMatchObject({ imported: 0, known: file.trades.length });
  });

  it.each([
    [
      'upstox',
      [UPSTOX, '12-02-2025,NIFTY,50,NSE,FO,22,OPTIDX,25000,26-03-2025,T3,10:15:00,Buy,1,50'],
      'line 2: is of a contract on NIFTY',
    ],
    [
      'groww',
      [GROWW, 'Tata,TCS,X,BUY,5,8000,NSE,1.3E+10,09-01-2025 10:59 AM,Executed'],
      'a spreadsheet makes of a long number',
    ],
    [
      'dhan',
      [DHAN, '2026-04-02,14:02:11,PNB,SELL,INTRADAY,NSE,Equity,3,100.33,400,Traded'],
      'the value 400 is not that of 3 shares at 100.33',
    ],
    [
      'fyers',
      [FYERS, 'TCS,TCS-EQ,"03 Jul 2026, 10:00:00 AM",HOLD,CNC,1,3000,3000,Cash,1,2'],
      'side must be one of BUY, B, 1, SELL, S, -1, not',
    ],
    [
      'freqtrade',
      [FREQTRADE, 'ETH/BTC,1,2.5,2018-01-10 07:15:00+00:00,,1,,0,0,1,0,,True,False'],
      'symbol must be a symbol',
    ],
    [
      'angelone',
      [`${ANGEL},Quantity`, 'TCS,Buy,1,,2,1,0,0,0,0,0,0,0,,CAPITAL,NSE,O1,T1,02-03-2026,5'],
      'has the column Quantity twice',
    ],
    ['angelone', ['Symbol,Qty', 'TCS,1'], 'has no column trade id, scrip/contract'],
  ])('refuses lines of %s that say something else', async (broker, lines, message) => {
    const { user, done } = await load(broker, lines);
    expect(done).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
    expect(await booked(user)).toEqual([]);
  });

  it('leaves off the series of shares only, and lets a column be named', async () => {
    const symbols = ['BAJAJ-AUTO', 'BRITANNIA-N2', 'X-RE-BE', 'abc-bl', 'MCDOWELL-N', 'NAM-INDIA', 'Y-SM'];
    const rows = symbols.map((symbol, i) => `${symbol},buy,1,10,t${i},2026-01-02 10:00:0${i}`);
    const { user, done } = await load(
      'zerodha',
      ['tradingsymbol,trade_type,quantity,price,trade_id,order_execution_time', ...rows],
      '--map',
      'tradingsymbol=symbol',
    );
    expect(done.code).toBe(0);
    const kept = (await booked(user)).map((row) => row.split(' ')[0]);
    expect(kept).toEqual(['BAJAJ-AUTO', 'BRITANNIA-N2', 'X-RE', 'ABC', 'MCDOWELL-N', 'NAM-INDIA', 'Y']);
  });

  it.each([
    [
      'zerodha',
      'trade_id,order_id,exchange,tradingsymbol,product,average_price,quantity,transaction_type,fill_timestamp',
      '9,O,NSE,SBIN-BE,CNC,420.65,1,BUY,2021-05-31 09:16:39',
    ],
    [
      'upstox',
      'exchange,product,tradingsymbol,transaction_type,quantity,average_price,trade_id,exchange_timestamp',
      'NSE,D,SBIN-EQ,BUY,1,420.65,9,31-May-2021 09:16:39',
    ],
    [
      'dhan',
      'orderId,exchangeTradeId,transactionType,tradingSymbol,tradedQuantity,tradedPrice,exchangeTime',
      'O,9,BUY,SBIN,1,420.65,2021-05-31 09:16:39',
    ],
    [
      'fyers',
      'clientId,orderDateTime,orderNumber,exchange,side,tradedQty,tradePrice,tradeNumber,symbol',
      'X,31-May-2021 09:16:39,O,10,1,1,420.65,9,NSE:SBIN-EQ',
    ],
    [
      'groww',
      'trading_symbol,transaction_type,quantity,price,exchange_trade_id,trade_date_time',
      'SBIN,BUY,1,420.65,9,2021-05-31T09:16:39',
    ],
    [
      'angelone',
      'exchange,tradingsymbol,transactiontype,fillprice,fillsize,fillid,filltime',
      'NSE,SBIN-EQ,BUY,420.65,1,9,31-May-2021 09:16:39',
    ],
  ])('reads the trade book of the API of %s, as CSV and as NDJSON', async (broker, header, row) => {
    const cells = row.split(',');
    const object = Object.fromEntries(header.split(',').map((name, i) => [name, cells[i]]));
    for (const lines of [[header, row], [JSON.stringify(object)]]) {
      const { user, done } = await load(broker, lines);
      expect(done).toMatchObject({ code: 0 });
      expect(await booked(user)).toEqual(['SBIN BUY 1 420.65 2021-05-31T03:46:39.000000Z 9']);
    }
  });

  it('saves how a file is read, for its owner only, and reads it so again', async () => {
    const lines = ['No,Symbol,Side,Qty,Price,When', '1,TCS-EQ,b,2,100,03/04/2026 09:15'];
    const pairs = 'No=trade_id,Qty=quantity,When=executed_at';
    const map = join(folder, 'map.json');
    const how = ['--map', pairs, '--dates', 'mdy', '--time-zone', 'UTC'];
    const import_ = async (...flags: string[]) => {
      const user = await given.user(db, `trader_${++users}`);
      const path = join(folder, `${user}.csv`);
      await writeFile(path, lines.join('\n'));
      const done = await db.cli(
        'order',
        'import',
        path,
        '--as',
        'trades',
        '--user',
        user,
        '--json',
        ...flags,
      );
      return { ...done, booked: await booked(user) };
    };
    expect(await import_(...how, '--save-map', map, '--dry-run')).toMatchObject({ code: 0 });
    expect(await import_(...how, '--save-map', join(folder, 'no', 'map.json'))).toMatchObject({
      code: 74,
      booked: [],
    });
    const first = await import_(...how, '--save-map', map);
    expect(first.booked).toEqual(['TCS BUY 2 100 2026-03-04T09:15:00.000000Z 1']);
    expect((await stat(map)).mode & 0o777).toBe(0o600);
    expect(JSON.parse(await readFile(map, 'utf8'))).toEqual({
      columns: { No: 'trade_id', Qty: 'quantity', When: 'executed_at' },
      time_zone: 'UTC',
      dates: 'mdy',
    });
    expect((await import_('--map', map)).booked).toEqual(first.booked);
    const other = await import_('--map', map, '--dates', 'dmy');
    expect(other.booked).toEqual(['TCS BUY 2 100 2026-04-03T09:15:00.000000Z 1']);
    const again = await import_('--map', map, '--save-map', map);
    expect(again).toMatchObject({ code: 5, booked: [], stderr: expect.stringContaining('FILE_EXISTS') });
    for (const [text, message] of [
      ['{"columns":{"No":"nothing"}}', 'No=nothing is no pair'],
      ['{"from":"nobody"}', 'is none'],
      ['{"columns":{"No":"trade_id","No":"symbol"}}', 'must not have a key twice'],
      ['sh -c id', 'must be valid JSON'],
    ] as const) {
      await writeFile(map, text);
      expect(await import_('--map', map)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(message),
      });
    }
    for (const flags of [
      ['--map', join(folder, 'none')],
      ['--save-map', 'x'],
    ])
      expect((await import_(...flags)).code).toBe(2);
  });
});
