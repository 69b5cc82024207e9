import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { backToStep } from '../../helpers/steps.ts';
import { words } from '../../helpers/words.ts';

type Row = Record<string, unknown>;
interface Report extends Row {
  figures: { figure: string; value: number | null; unit: string; reason: string | null }[];
  equity: Row[];
  notes: { note: string }[];
}

const figure = ({ figures }: Report, name: string) => {
  const { value, reason } = figures.find((each) => each.figure === name) ?? {};
  return reason ?? value;
};
const pick = (rows: Row[], ...columns: string[]) => rows.map((row) => columns.map((name) => row[name]));

const HEADER = 'trade_id,symbol,side,quantity,price,executed_at,strategy_id';
// A flip from long to short, an intraday trade, a holding of more than a year, and one that stays open.
const TRADES = `${HEADER}
H1,INFY,BUY,100,10,2024-01-05T09:20:00+05:30,
H2,INFY,BUY,50,13,2024-01-05T11:00:00+05:30,
H3,INFY,SELL,60,12,2024-01-31T23:30:00+05:30,
H4,INFY,SELL,140,9,2024-02-01T00:30:00+05:30,s1
H5,TCS,BUY,10,100,2024-02-01T10:00:00+05:30,s1
H6,INFY,BUY,50,8,2024-02-02T10:00:00+05:30,s1
H7,TCS,SELL,10,104,2024-02-01T15:00:00+05:30,s1
H8,SBIN,BUY,10,500,2024-03-28T10:00:00+05:30,
H9,SBIN,SELL,10,600,2025-04-01T10:00:00+05:30,
H10,ITC,BUY,5,400,2025-04-02T10:00:00+05:30,`;

async function load(db: TestDatabase, user: string, trades: string): Promise<void> {
  const { code, stderr } = await db.cliWith(
    { stdin: trades },
    ...words(`order import - --as trades --user ${user}`),
  );
  expect(code, stderr).toBe(0);
}

describe.each(databases)('reports on $name', ({ open }) => {
  let db: TestDatabase;
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-report-'));
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  /** Books a charge as another command does, of which this suite is not. */
  const charge = (amount: string, day: string) =>
    db.query(
      `WITH entry AS (INSERT INTO audit_log (command, target, body) VALUES ('charges book', 'user trader_001', '{}')),
         paid AS (UPDATE users SET total_capital = total_capital + $1::numeric WHERE user_id = 'trader_001')
       INSERT INTO cash_flows (flow_id, user_id, kind, amount, day, reference)
       VALUES ('flo_' || $2::text, 'trader_001', 'charge', $1::numeric, $2::date, $2::text)`,
      [amount, day],
    );

  beforeAll(async () => {
    db = await open();
    for (const user of ['trader_001', 'trader_002', 'trader_003']) await given.user(db, user);
    await given.strategy(db, 's1');
    await load(db, 'trader_001', TRADES.replaceAll(',s1', ','));
    await load(
      db,
      'trader_002',
      `${HEADER}\nT1,TCS,BUY,10,100,2024-02-01,s1\nT2,TCS,SELL,10,110,2024-02-02,s1`,
    );
  });
  afterAll(async () => {
    await db.close();
    rmSync(folder, { recursive: true });
  });

  it('trades are from flat to flat, and a flip ends one and begins another', async () => {
    const trades = await db.json<Row[]>(...words('report trades --user trader_001'));
    expect(pick(trades, 'symbol', 'side', 'quantity', 'entry_price', 'exit_price', 'gross_pnl')).toEqual([
      // 60 at 12 and 90 of the 140 at 9.
      ['INFY', 'LONG', 150, 11, 10.2, '-120.00'],
      ['TCS', 'LONG', 10, 100, 104, '40.00'],
      // The other 50 of the 140.
      ['INFY', 'SHORT', 50, 9, 8, '50.00'],
      ['SBIN', 'LONG', 10, 500, 600, '1000.00'],
    ]);
    expect(pick(trades, 'holding', 'term', 'financial_year', 'days_held')).toEqual([
      ['delivery', 'short', '2023-24', 27],
      ['intraday', null, '2023-24', 0],
      ['delivery', null, '2023-24', 1],
      ['delivery', 'long', '2025-26', 369],
    ]);
    expect(pick(trades, 'charges', 'net_pnl')).toEqual(Array(4).fill([null, null]));
  });

  it.each([
    ['--year 2023-24', 3],
    ['--year 2025-26', 1],
    ['--year 2024-25', 0],
    ['--holding intraday', 1],
    ['--holding delivery --since 2024-02-02', 2],
    ['--symbol INFY --until 2024-02-01', 1],
    ['--strategy s1', 0],
  ])('trades %s', async (flags, number) => {
    expect(await db.json<Row[]>(...words(`report trades --user trader_001 ${flags}`))).toHaveLength(number);
  });

  it('of a book without charges every figure is that of the realized P&L', async () => {
    const found = await db.json<Report>(...words('report performance --user trader_001'));
    expect(found).toMatchObject({ since: '2024-01-05', until: '2025-04-02' });
    for (const [name, value] of Object.entries({
      ...{
        opening_capital: 1_000_000,
        realized_pnl: 970,
        closing_capital: 1_000_970,
        trades: 4,
        wins: 3,
        losses: 1,
      },
      ...{ win_rate: 75, profit_factor: 1090 / 120, expectancy: 242.5, best_trade: 1000, worst_trade: -120 },
      ...{ longest_winning_streak: 3, current_streak: 3, executions: 10, max_drawdown_rupees: 140 },
    }))
      expect({ name, value: figure(found, name) }).toEqual({ name, value });
    expect(figure(found, 'time_weighted_return')).toBeCloseTo(0.097, 6);
    // Nothing was held from 2 February to 28 March.
    const days = found.equity.map(({ day }) => String(day));
    const held = days.filter((day) => day <= '2024-02-02' || day >= '2024-03-28');
    expect(figure(found, 'exposure')).toBeCloseTo((held.length / days.length) * 100, 9);
    expect(pick(found['symbols'] as Row[], 'key', 'realized_pnl', 'trades', 'wins')).toEqual([
      ['SBIN', '1000.00', 1, 1],
      ['TCS', '40.00', 1, 1],
      ['ITC', '0.00', null, null],
      ['INFY', '-70.00', 2, 1],
    ]);
    expect(pick(found['hours'] as Row[], 'key', 'executions')).toContainEqual(['23', 1]);
  });

  it('a range begins with the capital that there was before it', async () => {
    const found = await db.json<Report>(
      ...words('report performance --user trader_001 --since 2024-02-01 --until 2024-02-02'),
    );
    expect(figure(found, 'opening_capital')).toBe(1_000_060);
    expect(figure(found, 'closing_capital')).toBe(999_970);
    expect(pick(found.equity, 'day', 'realized_pnl')).toEqual([
      ['2024-02-01', '-140.00'],
      ['2024-02-02', '50.00'],
    ]);
    expect(figure(found, 'annual_growth')).toBe('fewer than 30 days are not annualised');
    expect(figure(found, 'trades')).toBe(3);
  });

  it('what is not defined has a reason', async () => {
    const idle = await db.json<Report>(...words('report performance --user trader_003'));
    expect(idle).toMatchObject({ since: null, until: null, equity: [] });
    expect(figure(idle, 'time_weighted_return')).toBe('there is no day');
    expect(figure(idle, 'win_rate')).toBe('no trade has a gain or a loss');
    const strategy = await db.json<Report>(...words('report performance --strategy s1'));
    expect(figure(strategy, 'sharpe')).toBe('a strategy or a symbol has no capital of its own');
    expect(figure(strategy, 'realized_pnl')).toBe(100);
    for (const { value, reason } of [...idle.figures, ...strategy.figures])
      expect(value === null).toBe(reason !== null);
  });

  it('charges lower the return, are no flow, and are shared out to the paisa by value', async () => {
    await charge('-10.01', '2024-02-01');
    await charge('-1.00', '2024-01-05');
    await charge('-0.10', '2024-01-31');
    await charge('-7.00', '2024-02-02');
    const trades = await db.json<Row[]>(...words('report trades --user trader_001'));
    // On 1 February: 1,260 of the flip, 90 of 140 of it the long one; 1,000 and 1,040 of the intraday trade.
    expect(pick(trades, 'charges', 'net_pnl')).toEqual([
      ['-3.56', '-123.56'],
      ['-6.19', '33.81'],
      ['-8.36', '41.64'],
      [null, null],
    ]);
    const { figures } = await db.json<Report>(...words('report performance --user trader_001'));
    expect(figures.find((each) => each.figure === 'charges')?.value).toBe(-18.11);
    expect(figures.find((each) => each.figure === 'net_pnl')?.value).toBe(951.89);
    expect(figures.find((each) => each.figure === 'opening_capital')?.value).toBe(1_000_000);
    expect(figures.find((each) => each.figure === 'paid_out')?.value).toBe(0);
  });

  it('months are those of every user who has one, from the capital before to that after', async () => {
    const months = await db.json<Row[]>(...words('report months'));
    expect(
      pick(months, 'user_id', 'month', 'opening_capital', 'realized_pnl', 'charges', 'closing_capital'),
    ).toEqual([
      ['trader_001', '2024-01', '1000000.00', '60.00', '-1.10', '1000058.90'],
      ['trader_001', '2024-02', '1000058.90', '-90.00', '-17.01', '999951.89'],
      ['trader_001', '2024-03', '999951.89', '0.00', '0.00', '999951.89'],
      ['trader_001', '2025-04', '999951.89', '1000.00', '0.00', '1000951.89'],
      ['trader_002', '2024-02', '1000000.00', '100.00', '0.00', '1000100.00'],
    ]);
    expect(months.at(-1)?.['return']).toBeCloseTo(0.01, 9);
    const since = await db.json<Row[]>(
      ...words('report months --user trader_001 --since 2024-02-02 --until 2024-12-31'),
    );
    expect(pick(since, 'month', 'opening_capital', 'realized_pnl')).toEqual([
      ['2024-02', expect.any(String), '50.00'],
      ['2024-03', '999951.89', '0.00'],
    ]);
  });

  it('a benchmark is compared on the days that both have, and what does not fit is named', async () => {
    const days = (await db.json<Report>(...words('report performance --user trader_001'))).equity.map(
      ({ day }) => String(day),
    );
    const closes = days.map((day, i) => `${day},${20_000 + ((i * 37) % 101)}`);
    const whole = file('whole.csv', ['date,close', ...closes].join('\n'));
    const found = await db.json<Report>(
      'report',
      'performance',
      '--user',
      'trader_001',
      '--benchmark',
      whole,
    );
    expect(figure(found, 'benchmark_days')).toBe(days.length);
    expect(figure(found, 'beta')).toEqual(expect.any(Number));
    expect(found.notes).toEqual([]);
    const other = file('other.csv', ['date,close', ...closes.slice(1, 30), '2024-03-02,1'].join('\n'));
    const gaps = await db.json<Report>('report', 'performance', '--user', 'trader_001', '--benchmark', other);
    expect(figure(gaps, 'benchmark_days')).toBe(29);
    expect(gaps.notes.map(({ note }) => note)).toEqual([
      expect.stringMatching(/^The benchmark has no close on \d+ days: 2024-01-05, /),
      'The benchmark has closes on days without trading here, 1 day: 2024-03-02.',
    ]);
    const few = file('few.csv', ['date,close', ...closes.slice(0, 19)].join('\n'));
    const short = await db.json<Report>('report', 'performance', '--user', 'trader_001', '--benchmark', few);
    expect(figure(short, 'alpha')).toBe('fewer than 20 days in common');
  });

  it.each([
    ['nothing', '', /is empty/],
    ['no header of it', 'day,price\n2024-01-01,1', /date/],
    ['no days', 'date,close\n', /has no days/],
    ['a day that does not exist', 'date,close\n2024-02-30,1', /line 2: date must be a day/],
    ['a close of 0', 'date,close\n2024-02-01,0', /line 2: close must be a price above 0/],
    ['a word', 'date,close\n2024-02-01,x', /line 2: close must be a price above 0/],
    ['a day twice', 'date,close\n2024-02-01,1\n2024-02-01,1', /line 3: 2024-02-01 is there twice/],
  ])('a benchmark with %s ends 2', async (name, text, stderr) => {
    const path = file(`bad-${name.replaceAll(' ', '-')}.csv`, text);
    await db.refused(['report', 'performance', '--user', 'trader_001', '--benchmark', path], {
      code: 2,
      stderr,
    });
  });

  it.each([
    ['report performance --user nobody', 3],
    ['report performance --strategy nothing', 3],
    ['report performance --since 2024-02-02 --until 2024-02-01', 2],
    ['report performance --benchmark nowhere.csv', 2],
    ['report performance --risk-free -1', 2],
    ['report months --user nobody', 3],
    ['report months --since 2024-02-02 --until 2024-02-01', 2],
    ['report trades --user nobody', 3],
    ['report trades --year 2024-26', 2],
    ['report trades --year 2024-25 --since 2024-02-01', 2],
  ])('%s ends %i', async (line, code) => {
    await db.refused(line, { code });
  });

  it('derivatives are carried overnight, not delivered, and have no term', async () => {
    await given.user(db, 'trader_009');
    await load(
      db,
      'trader_009',
      `${HEADER}
F1,NIFTY29DEC26FUT,BUY,75,100,2024-01-05,
F2,NIFTY29DEC26FUT,SELL,75,101,2025-03-05,
F3,NIFTY29DEC2626000CE,SELL,75,9,2024-01-05T09:20:00+05:30,
F4,NIFTY29DEC2626000CE,BUY,75,8,2024-01-05T10:20:00+05:30,
F5,INFY,BUY,1,9,2024-01-05,
F6,INFY,SELL,1,9,2024-01-08,`,
    );
    const of = async (flags: string) =>
      pick(await db.json<Row[]>(...words(`report trades --user trader_009 ${flags}`)), 'holding', 'term');
    expect(await of('')).toEqual([
      ['intraday', null],
      ['delivery', 'short'],
      ['overnight', null],
    ]);
    expect(await of('--holding overnight')).toEqual([['overnight', null]]);
    expect(await of('--holding delivery')).toEqual([['delivery', 'short']]);
  });

  it('a day on which something is earned without capital has no return, nor its month', async () => {
    await given.user(db, 'trader_010', { capital: 0 });
    await load(
      db,
      'trader_010',
      `${HEADER}\nE1,INFY,BUY,1,100,2024-01-05T09:20:00+05:30,\nE2,INFY,SELL,1,110,2024-01-05T10:20:00+05:30,`,
    );
    const found = await db.json<Report>(...words('report performance --user trader_010'));
    expect(figure(found, 'time_weighted_return')).toBe('something was earned without capital on 2024-01-05');
    const months = await db.json<Row[]>(...words('report months --user trader_010'));
    expect(pick(months, 'net_pnl', 'return')).toEqual([['10.00', null]]);
  });

  it('does not know movements of money before the schema has them', async () => {
    const old = await db.copy();
    try {
      await backToStep(old, 10);
      const found = await old.json<Report>(...words('report performance --user trader_002'));
      for (const name of ['paid_in', 'paid_out', 'charges', 'dividends'])
        expect(figure(found, name)).toBe('the schema has no movements of money');
      expect(found.notes).toEqual([{ note: expect.stringContaining('Run: pinnacle migrate up') }]);
      const months = await old.json<Row[]>(...words('report months --user trader_002'));
      for (const rows of [found.equity, months])
        expect(rows[0]).toMatchObject({ paid_in: null, charges: null, realized_pnl: expect.any(String) });
    } finally {
      await old.close();
    }
  });

  it('is a table on a terminal', async () => {
    const { code, stdout } = await db.cliWith(
      { tty: true, env: { NO_COLOR: '1' } },
      ...words('report performance --user trader_001'),
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/figures/);
    expect(stdout).toMatch(/annual_growth +\+0\.\d\d% +percent/);
    const { stdout: csv } = await db.cli(...words('report trades --user trader_001 --csv'));
    expect(csv).toMatch(/^user_id,symbol,side,opened_at/);
  });
});
