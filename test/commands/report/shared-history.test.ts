import { Big } from 'big.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { importTrades, TRADE_HISTORY, tradeLines } from '../../helpers/trade-history.ts';
import { words } from '../../helpers/words.ts';

interface Report {
  since: string;
  until: string;
  figures: { figure: string; value: number | null; unit: string; reason: string | null }[];
  equity: Record<string, string | number | null>[];
  [section: string]: unknown;
}

const Decimal = Big();
Decimal.DP = 40;
const DAY_MS = 86_400_000;

const figure = ({ figures }: Report, name: string) =>
  figures.find((each) => each.figure === name)?.value ?? null;

const report = (db: TestDatabase, flags = '') =>
  db.json<Report>(...words(`report performance --user trader_001 ${flags}`));

/** Returns in decimals from what the ledger says of each day: `Π (V + out)/(V before + in)`, and the root of the flows. */
function independent(daily: readonly { day: string; pnl: string; paidIn: string; paidOut: string }[]) {
  let value = new Decimal(1_000_000);
  let growth = new Decimal(1);
  const flows: { day: string; amount: Big }[] = [];
  for (const { day, pnl, paidIn, paidOut } of daily) {
    const base = value.plus(paidIn);
    value = base.plus(pnl).minus(paidOut);
    growth = growth.times(value.plus(paidOut).div(base));
    flows.push({ day, amount: new Decimal(paidOut).minus(paidIn) });
  }
  const first = Date.parse(daily[0]?.day ?? '') - DAY_MS;
  const dated = [
    { years: 0, amount: new Decimal(-1_000_000) },
    ...flows.map(({ day, amount }) => ({ years: (Date.parse(day) - first) / DAY_MS / 365, amount })),
    { years: (Date.parse(daily.at(-1)?.day ?? '') - first) / DAY_MS / 365, amount: value },
  ].filter(({ amount }) => !amount.eq(0));
  let [low, high] = [-0.99, 10];
  for (let i = 0; i < 60; i++) {
    const rate = (low + high) / 2;
    const worth = dated.reduce(
      (sum, { years, amount }) => sum.plus(amount.times((1 + rate) ** -years)),
      new Decimal(0),
    );
    // Later flows are paid out: the higher the rate, the less they are worth.
    if (worth.gt(0)) low = rate;
    else high = rate;
  }
  return { value: value.toFixed(2), twr: Number(growth.minus(1).times(100)), mwr: ((low + high) / 2) * 100 };
}

describe.skipIf(TRADE_HISTORY.absent).each(databases)('three years of trades on $name', ({ open }) => {
  let db: TestDatabase;
  let realized: { key: string; realized_pnl: string }[];
  beforeAll(async () => {
    db = await open();
    await importTrades(db, tradeLines());
    realized = await db.json(...words('position pnl --user trader_001 --by day'));
  });
  afterAll(() => db.close());

  const daysWith = (deposit: number, withdrawal: number) => {
    const days = new Map(
      realized.map(({ key, realized_pnl }) => [
        key,
        { day: key, pnl: realized_pnl, paidIn: '0', paidOut: '0' },
      ]),
    );
    const on = (day: string) => days.get(day) ?? { day, pnl: '0', paidIn: '0', paidOut: '0' };
    if (deposit > 0) days.set('2022-03-01', { ...on('2022-03-01'), paidIn: String(deposit) });
    if (withdrawal > 0) days.set('2022-09-01', { ...on('2022-09-01'), paidOut: String(withdrawal) });
    return [...days.values()].sort((a, b) => (a.day < b.day ? -1 : 1));
  };

  async function equals(deposit: number, withdrawal: number): Promise<Report> {
    const found = await report(db);
    const expected = independent(daysWith(deposit, withdrawal));
    expect(figure(found, 'realized_pnl')).toBe(2319012.64);
    expect(figure(found, 'closing_capital')).toBe(Number(expected.value));
    expect(figure(found, 'time_weighted_return')).toBeCloseTo(expected.twr, 8);
    expect(figure(found, 'money_weighted_return')).toBeCloseTo(expected.mwr, 8);
    return found;
  }

  it('without flows the time-weighted return is what was realized on the capital', async () => {
    const found = await equals(0, 0);
    expect(figure(found, 'time_weighted_return')).toBeCloseTo(231.901264, 8);
    expect(figure(found, 'return_on_opening_capital')).toBeCloseTo(231.901264, 8);
    expect(found).toMatchObject({ since: '2021-01-01' });
  });

  it('with a deposit and a withdrawal both returns are those of the formula, however often and finely they are booked', async () => {
    await db.json(...words('user deposit trader_001 50000 --day 2022-03-01'));
    await db.json(...words('user deposit trader_001 150000 --day 2022-03-01'));
    await db.json(...words('user withdraw trader_001 50000 --day 2022-09-01'));
    const once = await equals(200_000, 50_000);
    await db.json(...words('user deposit trader_001 200000 --day 2022-03-01'));
    await db.json(...words('user withdraw trader_001 50000 --day 2022-09-01'));
    const twice = await equals(400_000, 100_000);
    expect((await db.cli(...words('doctor ledger'))).code).toBe(0);
    const moved = (name: string) => Math.abs((figure(once, name) ?? 0) - (figure(twice, name) ?? 0));
    // The rupees that were earned are those of the book: on more capital they are a lower return.
    expect(moved('time_weighted_return')).toBeCloseTo(2.3473, 3);
    expect(moved('money_weighted_return')).toBeGreaterThan(2.3);
    expect(moved('return_on_opening_capital')).toBe(0);
    expect(moved('realized_pnl')).toBe(0);
  });

  it('money that moves when nothing more is traded does not move the time-weighted return', async () => {
    const before = await report(db);
    const { until } = before;
    await db.json(...words(`user deposit trader_001 1000000 --day ${until}`));
    await db.json(...words(`user withdraw trader_001 700000 --day ${until}`));
    await db.json(...words('user deposit trader_001 5000000 --day 2024-12-31'));
    const after = await report(db);
    expect(figure(after, 'money_weighted_return')).not.toBe(figure(before, 'money_weighted_return'));
    const last = (found: Report) =>
      found.equity.filter(({ day = '' }) => String(day) < until).at(-1)?.['index'];
    expect(last(after)).toBe(last(before));
    // What is paid in on the last day of trading works on that day already.
    expect(
      Math.abs((figure(after, 'time_weighted_return') ?? 0) - (figure(before, 'time_weighted_return') ?? 0)),
    ).toBeLessThan(3);
    const later = await report(db, `--until ${until}`);
    expect(figure(later, 'time_weighted_return')).toBe(figure(after, 'time_weighted_return'));
  });

  it('months and trades add up to the same, and so do the sections', async () => {
    const found = await report(db);
    const sum = (rows: unknown) =>
      (rows as { realized_pnl?: string; gross_pnl?: string }[])
        .reduce((total, row) => total.plus(row.realized_pnl ?? row.gross_pnl ?? 0), new Decimal(0))
        .toFixed(2);
    for (const section of ['equity', 'months', 'weekdays', 'hours', 'symbols', 'strategies'])
      expect({ section, sum: sum(found[section]) }).toEqual({ section, sum: '2319012.64' });
    const months = await db.json<Record<string, string>[]>(...words('report months --user trader_001'));
    expect(sum(months)).toBe('2319012.64');
    const inReport = new Map(
      (found['months'] as { key: string; return: number }[]).map(({ key, return: rate }) => [key, rate]),
    );
    for (const month of months)
      expect(month['return']).toBeCloseTo(inReport.get(month['month'] ?? '') ?? Number.NaN, 8);
    const trades = await db.json<Record<string, string>[]>(...words('report trades --user trader_001'));
    expect(sum(trades)).toBe('2319012.64');
    expect(trades).toHaveLength(124);
    expect(new Set(trades.map((trade) => trade['term']))).toEqual(new Set(['short']));
  });
});
