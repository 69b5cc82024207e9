import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { addMoney, NO_RUPEES, type Rupees } from '../../../src/domain/money.ts';
import { applyFill, type Execution, type Position, unrealized } from '../../../src/domain/position.ts';
import { shared } from '../../helpers/shared.ts';

const CASES = shared('cases/positions.json');
const TRADES = shared('data/nse_trades_2021_2023.csv');

interface Book {
  rows: Position[];
  credited: Rupees;
}

function book({ rows, credited }: Book, fill: Execution): Book {
  const last = rows.at(-1);
  const open = last?.status === 'OPEN' ? last : null;
  const { position, opened, realized } = applyFill(open, fill);
  const kept = open ? rows.slice(0, -1) : rows;
  return { rows: [...kept, position, ...(opened ? [opened] : [])], credited: addMoney(credited, realized) };
}

const EMPTY: Book = { rows: [], credited: NO_RUPEES };

/** What other systems' test suites expect; numbers are decimal text. */
interface Case {
  id: string;
  fills: { side: 'BUY' | 'SELL'; qty: string; price: string }[];
  expect: {
    side: 'LONG' | 'SHORT' | 'FLAT';
    quantity: string;
    average_price: string;
    realized_pnl: string;
    /** At the mark; null where the source says nothing. */
    unrealized_pnl: string | null;
  };
  tolerance: string;
  mark?: string;
}

describe.skipIf(CASES.absent)('positions of other systems', () => {
  const cases: Case[] = CASES.absent ? [] : JSON.parse(readFileSync(CASES.path, 'utf8'));

  test.each(cases.map((each) => [each.id, each] as const))('%s', (_, { fills, expect: wanted, ...given }) => {
    const executions = fills.map(({ side, qty, price }) => ({
      side,
      quantity: Number(qty),
      price: Number(price),
    }));
    const { rows, credited } = executions.reduce(book, EMPTY);
    const last = rows.at(-1);
    if (!last) throw new Error('a case without fills');
    const near = (actual: number, expected: string, tolerance = Number(given.tolerance)) =>
      expect(Math.abs(actual - Number(expected))).toBeLessThanOrEqual(tolerance);

    expect(last.status === 'CLOSED' ? 'FLAT' : last.side).toBe(wanted.side);
    expect(last.quantity).toBe(Number(wanted.quantity));
    near(last.average_price, wanted.average_price);
    // Cumulative over the rows: the sources count what a position made before it was closed or flipped, too.
    const realized = rows.reduce((sum, row) => sum + row.realized_pnl, 0);
    near(realized, wanted.realized_pnl);
    near(Number(credited), wanted.realized_pnl, 0.005 * rows.length);
    if (wanted.unrealized_pnl === null) return;
    near(given.mark ? unrealized(last, Number(given.mark)) : last.unrealized_pnl, wanted.unrealized_pnl);
  });
});

test.skipIf(TRADES.absent)('three years of one strategy on NSE', () => {
  const [header, ...lines] = readFileSync(TRADES.path, 'utf8').trim().split(/\r?\n/);
  expect(header).toBe('trade_id,symbol,side,quantity,price,executed_at,strategy_id');
  const books = new Map<string, Book>();
  for (const line of lines) {
    const [, symbol, side, quantity, price, , strategy] = line.split(',');
    const key = `${symbol} ${strategy}`;
    const fill = {
      side: side === 'BUY' ? ('BUY' as const) : ('SELL' as const),
      quantity: Number(quantity),
      price: Number(price),
    };
    books.set(key, book(books.get(key) ?? EMPTY, fill));
  }
  const rows = [...books.values()].flatMap((each) => each.rows);
  expect(rows.filter(({ status }) => status === 'OPEN')).toHaveLength(6);
  expect(rows.filter(({ status }) => status === 'CLOSED')).toHaveLength(124);
  const credited = [...books.values()].reduce((sum, each) => addMoney(sum, each.credited), NO_RUPEES);
  expect(credited).toBe('2319012.64');
});
