import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

type Row = Record<string, unknown>;
interface Report extends Row {
  basis: string;
  figures: { figure: string; value: number | null; reason: string | null }[];
  equity: {
    day: string;
    equity: string;
    closing_capital: string;
    unrealized_pnl: string | null;
    return: number;
  }[];
  notes: { note: string }[];
}

// Monday, 4 March 2024, to Friday; the other user holds over the same days.
const TRADES = `trade_id,symbol,side,quantity,price,executed_at,strategy_id
H1,TCS,BUY,10,100,2024-03-04T10:00:00+05:30,
H2,TCS,SELL,4,120,2024-03-05T10:00:00+05:30,
H3,INFY,BUY,5,50,2024-03-05T11:00:00+05:30,
H4,TCS,SELL,10,110,2024-03-07T10:00:00+05:30,
H5,INFY,SELL,5,55,2024-03-07T15:00:00+05:30,
H6,TCS,BUY,4,105,2024-03-08T10:00:00+05:30,`;
const PRICES = `date,symbol,close
2024-03-04,TCS,110
2024-03-05,TCS,115
2024-03-05,INFY,48.5
2024-03-06,TCS,118
2024-03-07,TCS,100
2024-03-08,TCS,90`;
const INFY = '\n2024-03-06,INFY,52';

describe.each(databases)('report performance at marks on $name', ({ open }) => {
  let db: TestDatabase;
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-marks-'));
  const rebuild = async (prices: string, flags = '') => {
    const path = join(folder, 'prices.csv');
    writeFileSync(path, prices);
    return (await db.cli('report', 'rebuild', '--prices', path, ...words(flags))).code;
  };
  const report = (flags = '') => db.json<Report>(...words(`report performance ${flags}`));
  const figure = ({ figures }: Report, name: string) => {
    const { value, reason } = figures.find((each) => each.figure === name) ?? {};
    return reason ?? value;
  };
  const load = async (user: string, trades: string) => {
    const { code, stderr } = await db.cliWith(
      { stdin: trades },
      ...words(`order import - --as trades --user ${user}`),
    );
    expect(code, stderr).toBe(0);
  };

  beforeAll(async () => {
    db = await open();
    for (const user of ['trader_001', 'trader_002', 'trader_003']) await given.user(db, user);
    await load('trader_001', TRADES);
    await load('trader_002', TRADES.replaceAll('H', 'T'));
    await db.json(...words('user deposit trader_001 1000 --day 2024-03-06'));
  });
  afterAll(async () => {
    await db.close();
    rmSync(folder, { recursive: true });
  });

  it('without a snapshot open positions count at cost', async () => {
    const found = await report('--user trader_001');
    expect(found).toMatchObject({ basis: 'cost', notes: [] });
    expect(found.equity.map(({ equity, unrealized_pnl }) => [equity, unrealized_pnl])[0]).toEqual([
      '1000000.00',
      null,
    ]);
    expect(figure(found, 'unrealized_pnl')).toBe('open positions count at cost');
  });

  it('one day without a price, and all of the period counts at cost: the day is named', async () => {
    expect(await rebuild(PRICES)).toBe(6);
    const found = await report('--user trader_001');
    expect(found.basis).toBe('cost');
    expect(found.notes).toEqual([
      { note: 'Open positions count at cost, because 1 day lacks a complete equity snapshot: 2024-03-06.' },
    ]);
    expect(await report('--user trader_001 --until 2024-03-05')).toMatchObject({ basis: 'marks', notes: [] });
    expect(await report('--user trader_001 --since 2024-03-07')).toMatchObject({ basis: 'cost' });
    expect(await report('--user trader_001 --since 2024-03-08')).toMatchObject({ basis: 'marks' });
  });

  it('where every day has its prices, returns and drawdowns are those of marks', async () => {
    expect(await rebuild(PRICES + INFY)).toBe(0);
    const found = await report('--user trader_001');
    expect(found).toMatchObject({ basis: 'marks', notes: [] });
    expect(
      found.equity.map(({ equity, closing_capital }) => [Number(closing_capital), Number(equity)]),
    ).toEqual([
      [1_000_000, 1_000_100],
      [1_000_080, 1_000_162.5],
      [1_001_080, 1_001_198],
      [1_001_165, 1_001_205],
      [1_001_185, 1_001_185],
    ]);
    const growths = [
      1_000_100 / 1_000_000,
      1_000_162.5 / 1_000_100,
      1_001_198 / 1_001_162.5,
      1_001_205 / 1_001_198,
      1_001_185 / 1_001_205,
    ];
    for (const [i, growth] of growths.entries())
      expect(found.equity[i]?.return).toBeCloseTo((growth - 1) * 100, 10);
    expect(figure(found, 'time_weighted_return')).toBeCloseTo(
      (growths.reduce((a, b) => a * b) - 1) * 100,
      10,
    );
    expect(figure(found, 'max_drawdown')).toBeCloseTo((20 / 1_001_205) * 100, 10);
    expect(figure(found, 'max_drawdown_rupees')).toBe(20);
    expect(figure(found, 'net_pnl')).toBe(185);
    expect(figure(found, 'closing_capital')).toBe(1_001_185);
    expect(figure(found, 'unrealized_pnl')).toBe(0);
  });

  it('a period that begins while something is held begins with what it was worth', async () => {
    const found = await report('--user trader_001 --since 2024-03-06 --until 2024-03-06');
    expect(found).toMatchObject({ basis: 'marks' });
    expect(figure(found, 'time_weighted_return')).toBeCloseTo((1_001_198 / 1_001_162.5 - 1) * 100, 10);
    expect(figure(found, 'opening_capital')).toBe(1_000_080);
    expect(figure(found, 'unrealized_pnl')).toBe(118);
  });

  it('money that moves on a day without trading leaves marks as they were', async () => {
    await load(
      'trader_003',
      TRADES.split('\n').slice(0, 2).join('\n').replaceAll('H', 'W').replace('03-04', '03-08'),
    );
    await db.json(...words('user deposit trader_003 500 --day 2024-03-10'));
    expect(await report('--user trader_003')).toMatchObject({ basis: 'cost' });
    expect(await rebuild('date,symbol,close\n2024-03-08,TCS,90')).toBe(0);
    const found = await report('--user trader_003');
    expect(found.basis).toBe('marks');
    expect(found.equity.map(({ day, equity }) => [day, Number(equity)])).toEqual([
      ['2024-03-08', 999_900],
      ['2024-03-10', 1_000_400],
    ]);
  });

  it('of all users every one who holds something needs a snapshot; a strategy has none', async () => {
    const flags = '--until 2024-03-08';
    const all = await report(flags);
    expect(all.basis).toBe('marks');
    expect(all.equity.map(({ equity }) => Number(equity))).toEqual([
      3_000_200, 3_000_325, 3_001_396, 3_001_410, 3_001_270,
    ]);
    expect(await report('--symbol TCS')).toMatchObject({ basis: 'cost', notes: [] });
    await db.query("DELETE FROM equity_snapshots WHERE user_id = 'trader_002' AND day = '2024-03-06'");
    expect(await report(flags)).toMatchObject({ basis: 'cost' });
    expect(await report('--user trader_001')).toMatchObject({ basis: 'marks' });
  });

  it('an execution that is booked later makes its day count at cost until it is taken down again', async () => {
    await load('trader_001', `${TRADES.split('\n')[0]}\nH9,WIPRO,BUY,1,50,2024-03-06T11:00:00+05:30,`);
    const found = await report('--user trader_001 --until 2024-03-08');
    expect(found.basis).toBe('cost');
    expect(found.notes[0]?.note).toContain('2024-03-06');
    expect((await db.cli('doctor', 'ledger')).code).toBe(6);
    expect(
      await rebuild(PRICES + INFY + ['06', '07', '08'].map((day) => `\n2024-03-${day},WIPRO,51`).join('')),
    ).toBe(0);
    expect(await report('--user trader_001 --until 2024-03-08')).toMatchObject({ basis: 'marks' });
    expect((await db.cli('doctor', 'ledger')).code).toBe(0);
  });
});
