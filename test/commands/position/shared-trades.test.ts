import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { shared } from '../../helpers/shared.ts';

const TRADES = shared('data/nse_trades_2021_2023.csv');

type Row = Record<string, unknown>;
const MOMENT = '2022-06-30T18:30:00Z';

async function importTrades(db: TestDatabase, csv: string): Promise<void> {
  await given.user(db);
  for (const id of new Set(
    csv
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => line.split(',')[6]?.trim() ?? ''),
  ))
    await given.strategy(db, id);
  const { code, stderr } = await db.cliWith(
    { stdin: csv },
    ...['order', 'import', '-', '--as', 'trades', '--user', 'trader_001'],
  );
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
}

test.skipIf(TRADES.absent).each(databases)(
  'three years of trades by month and as of a day on $name',
  async ({ open }) => {
    const csv = readFileSync(TRADES.path, 'utf8');
    const [header, ...lines] = csv.trim().split(/\r?\n/);
    const until = lines.filter((line) => Date.parse(line.split(',')[5] ?? '') <= Date.parse(MOMENT));
    expect(until.length).toBeGreaterThan(50);
    const [whole, part] = [await open(), await open()];
    try {
      await importTrades(whole, csv);
      await importTrades(part, [header, ...until, ''].join('\n'));
      const months = await whole.json<Row[]>('position', 'pnl', '--user', 'trader_001', '--by', 'month');
      const sum = months.reduce((paisa, row) => paisa + Math.round(Number(row['realized_pnl']) * 100), 0);
      expect(sum).toBe(231901264);
      expect(months.map((row) => row['key'])).toEqual(months.map((row) => row['key']).sort());
      const bare = ({ position_id, order_id, created_at, updated_at, ...row }: Row) => row;
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
