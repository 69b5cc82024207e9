import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { databases, servers, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { shell } from '../helpers/process.ts';
import { shared } from '../helpers/shared.ts';
import { words } from '../helpers/words.ts';

type Row = Record<string, unknown>;

/** What other systems' test suites expect; numbers are decimal text. */
interface Case {
  id: string;
  fills: { side: 'BUY' | 'SELL'; qty: string; price: string }[];
  expect: {
    side: string;
    quantity: string;
    average_price: string;
    realized_pnl: string;
    unrealized_pnl: string | null;
  };
  tolerance: string;
  mark?: string | null;
}

const CASES = shared('cases/positions.json');

test.skipIf(CASES.absent).each(servers)(
  'positions of other systems, every sixteenth through processes, on $name',
  async ({ open }) => {
    const cases: Case[] = JSON.parse(readFileSync(CASES.path, 'utf8'));
    const db = await open();
    try {
      await given.user(db, 'u');
      for (const [n, { fills, mark }] of cases.entries()) {
        const steps = fills.flatMap(({ side, qty, price }, i) => [
          `order place --order-id c${n}-${i} --user u --symbol S${n} --side ${side} --quantity ${qty}`,
          `order fill c${n}-${i} --quantity ${qty} --price ${price}`,
        ]);
        const lines = mark ? [...steps, `position mark S${n}=${mark}`] : steps;
        const run = async (line: string) =>
          n % 16 === 0 ? shell(db.env, `$PINNACLE ${line}`) : db.cli(...words(line));
        for (const line of lines) expect({ line, ...(await run(line)) }).toMatchObject({ line, code: 0 });
      }
      for (const [n, given] of cases.entries()) {
        const rows = await db.json<Row[]>(...words(`position list --symbol S${n} --status any`));
        const [last] = rows;
        const near = (actual: unknown, expected: string) =>
          expect(Math.abs(Number(actual) - Number(expected))).toBeLessThanOrEqual(Number(given.tolerance));
        expect(last?.['status'] === 'CLOSED' ? 'FLAT' : last?.['side']).toBe(given.expect.side);
        expect(last?.['quantity']).toBe(Number(given.expect.quantity));
        near(last?.['average_price'], given.expect.average_price);
        near(
          rows.reduce((sum, row) => sum + Number(row['realized_pnl']), 0),
          given.expect.realized_pnl,
        );
        if (given.expect.unrealized_pnl !== null) near(last?.['unrealized_pnl'], given.expect.unrealized_pnl);
      }
      expect(await shell(db.env, '$PINNACLE doctor ledger')).toMatchObject({ code: 0 });
    } finally {
      await db.close();
    }
  },
  180_000,
);

const TRADES = shared('data/nse_trades_2021_2023.csv');
/** How many of them are booked one by one; `npm run test:acceptance` takes all. */
const SINGLE = Number(process.env['PINNACLE_SINGLE_TRADES'] ?? 30);

/** The book as a reader knows it: what is held and what was made of it. */
async function bookOf(db: TestDatabase): Promise<unknown> {
  const rows = await db.json<Row[]>('position', 'list', '--all', '--status', 'any');
  const held = rows.map(({ symbol, side, quantity, average_price, realized_pnl, unrealized_pnl, status }) =>
    JSON.stringify([symbol, side, quantity, average_price, realized_pnl, unrealized_pnl, status]),
  );
  const { total_capital } = await db.json<Row>('user', 'show', 'u');
  return { total_capital, held: held.sort() };
}

test.skipIf(TRADES.absent).each(servers)(
  'trades of three years, one order and one fill after the other, give the book of the import on $name',
  async ({ open }) => {
    const [single, imported] = [await open(), await open()];
    const path = join(mkdtempSync(join(tmpdir(), 'pinnacle-trades-')), 'trades.csv');
    try {
      const [header = '', ...all] = readFileSync(TRADES.path, 'utf8').trim().split(/\r?\n/);
      const lines = all.slice(0, SINGLE);
      writeFileSync(path, [header, ...lines].join('\n'));
      for (const db of [single, imported]) {
        await given.user(db, 'u');
        await given.strategy(db, 'momentum_rs');
        await db.json(...words('strategy activate momentum_rs --user u'));
      }
      await imported.json('order', 'import', path, '--as', 'trades', '--user', 'u');
      for (const line of lines) {
        const [id, symbol, side, quantity, price, , strategy] = line.split(',');
        await single.json(
          ...words(
            `order place --order-id ${id} --user u --symbol ${symbol} --side ${side} --quantity ${quantity} --strategy ${strategy}`,
          ),
        );
        await single.json(...words(`order fill ${id} --quantity ${quantity} --price ${price}`));
      }
      expect(await bookOf(single)).toEqual(await bookOf(imported));
      if (lines.length === all.length)
        expect(await bookOf(single)).toMatchObject({ total_capital: '3319012.64' });
      for (const db of [single, imported]) expect((await db.cli('doctor', 'ledger')).code).toBe(0);
    } finally {
      rmSync(dirname(path), { recursive: true });
      await Promise.all([single.close(), imported.close()]);
    }
  },
  300_000,
);

test.skipIf(TRADES.absent).each(databases)(
  'an import leaves a book that can be proved on $name',
  async ({ open }) => {
    const db = await open();
    try {
      await given.user(db, 'u');
      await given.strategy(db, 'momentum_rs');
      await db.json(...words('user deposit u 200000 --day 2022-03-01'));
      await db.json('order', 'import', TRADES.path, '--as', 'trades', '--user', 'u');
      await db.json(...words('user withdraw u 50000 --day 2022-09-01'));
      const realized = await db.json<Row[]>('position', 'pnl', '--by', 'user');
      expect(realized).toMatchObject([{ realized_pnl: '2319012.64' }]);
      expect(await db.json('user', 'show', 'u')).toMatchObject({ total_capital: '3469012.64' });
      await db.json(...words('strategy activate momentum_rs --user u'));
      expect(await db.json(...words('strategy show momentum_rs --user u'))).toMatchObject({
        total_orders: 254,
      });
      expect((await db.cli('doctor', 'ledger')).code).toBe(0);
    } finally {
      await db.close();
    }
  },
);
