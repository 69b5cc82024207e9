import { expect, test } from 'vitest';
import { databases } from '../../helpers/databases.ts';
import { importTrades, TRADE_HISTORY, tradeLines } from '../../helpers/trade-history.ts';

type Row = Record<string, unknown>;
const MOMENT = '2022-06-30T18:30:00Z';

test.skipIf(TRADE_HISTORY.absent).each(databases)(
  'three years of trades by month and as of a day on $name',
  async ({ open }) => {
    const [header = '', ...lines] = tradeLines();
    const until = lines.filter((line) => Date.parse(line.split(',')[5] ?? '') <= Date.parse(MOMENT));
    expect(until.length).toBeGreaterThan(50);
    const [whole, part] = [await open(), await open()];
    try {
      await importTrades(whole, [header, ...lines]);
      await importTrades(part, [header, ...until]);
      const months = await whole.json<Row[]>('position', 'pnl', '--user', 'trader_001', '--by', 'month');
      const sum = months.reduce((paisa, row) => paisa + Math.round(Number(row['realized_pnl']) * 100), 0);
      expect(sum).toBe(231901264);
      expect(months.map((row) => row['key'])).toEqual(months.map((row) => row['key']).sort());
      // What a position was a share of is not told of a past moment.
      const bare = ({ position_id, order_id, created_at, updated_at, weight, ...row }: Row) => row;
      const order = (rows: Row[]) =>
        rows.map(bare).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
      for (const status of ['OPEN', 'CLOSED', 'any']) {
        const asOf = await whole.json<Row[]>(
          ...['position', 'list', '--all', '--status', status, '--as-of', MOMENT],
        );
        const stopped = await part.json<Row[]>('position', 'list', '--all', '--status', status);
        expect(order(asOf)).toEqual(order(stopped));
        expect(asOf.length).toBeGreaterThan(0);
      }
    } finally {
      await Promise.all([whole.close(), part.close()]);
    }
  },
);
