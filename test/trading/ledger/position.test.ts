import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addMoney, NO_RUPEES, type Rupees } from '../../../src/domain/money.ts';
import {
  applyFill,
  type Execution,
  type Position,
  realizedOf,
  unrealized,
} from '../../../src/domain/position.ts';

const buy = (quantity: number, price: number): Execution => ({ side: 'BUY', quantity, price });
const sell = (quantity: number, price: number): Execution => ({ side: 'SELL', quantity, price });

interface Row {
  position: Position;
  /** The sum of what the fills of this row credited. */
  credited: Rupees;
}

/** Books the fills one by one; every row they made, the last one possibly open. */
function book(fills: readonly Execution[]): Row[] {
  const rows: Row[] = [];
  for (const fill of fills) {
    const last = rows.at(-1);
    const open = last?.position.status === 'OPEN' ? last : undefined;
    const effect = applyFill(open?.position ?? null, fill);
    const row = {
      position: effect.position,
      credited: addMoney(open?.credited ?? NO_RUPEES, effect.realized),
    };
    if (open) rows.splice(-1, 1, row);
    else rows.push(row);
    if (effect.opened) rows.push({ position: effect.opened, credited: NO_RUPEES });
  }
  return rows;
}

const signed = (side: 'BUY' | 'SELL' | 'LONG' | 'SHORT', quantity: number) =>
  side === 'BUY' || side === 'LONG' ? quantity : -quantity;
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const paisa = (price: number) => Math.round(price * 100);

/** Each fill may round a double once or twice, by the size of all these shares at the highest price at most. */
function close(actual: number, expected: number, fills: readonly Execution[], shares?: number): void {
  const size =
    (shares ?? sum(fills.map(({ quantity }) => quantity))) * Math.max(...fills.map(({ price }) => price));
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(2 * (fills.length + 1) * size * Number.EPSILON);
}

describe('a fill of', () => {
  test('nothing opens a position', () => {
    expect(applyFill(null, sell(5, 102))).toEqual({
      position: {
        side: 'SHORT',
        quantity: 5,
        average_price: 102,
        current_price: 102,
        unrealized_pnl: 0,
        realized_pnl: 0,
        status: 'OPEN',
      },
      realized: NO_RUPEES,
    });
  });

  test.each([
    ['the same side, long', [buy(10, 10), buy(5, 12.5)], 'LONG', 15, 10.833333333333334, 0, NO_RUPEES],
    ['the same side, short', [sell(10, 100), sell(30, 104)], 'SHORT', 40, 103, 0, NO_RUPEES],
    ['the other side, part', [buy(10, 100), sell(4, 110)], 'LONG', 6, 100, 40, '40.00'],
    ['the other side, part at a loss', [sell(10, 100), buy(4, 110)], 'SHORT', 6, 100, -40, '-40.00'],
    ['the other side, all', [sell(10, 100), buy(10, 90)], 'SHORT', 0, 100, 100, '100.00'],
    ['half a paisa of profit', [buy(2, 10), sell(1, 10.005)], 'LONG', 1, 10, 0.005, '0.01'],
    ['half a paisa of loss', [buy(2, 10), sell(1, 9.995)], 'LONG', 1, 10, -0.005, '-0.01'],
  ] as const)('%s', (_, fills, side, quantity, average_price, realized_pnl, credited) => {
    const rows = book(fills);
    expect(rows).toHaveLength(1);
    const status = quantity === 0 ? 'CLOSED' : 'OPEN';
    expect(rows[0]?.position).toMatchObject({ side, quantity, average_price, realized_pnl, status });
    expect(rows[0]?.position.current_price).toBe(fills.at(-1)?.price);
    expect(rows[0]?.credited).toBe(credited);
  });

  test('more than the position holds closes it and opens another', () => {
    const { position, opened, realized } = applyFill(applyFill(null, buy(10, 100)).position, sell(15, 102));
    expect(position).toMatchObject({ side: 'LONG', quantity: 0, average_price: 100, status: 'CLOSED' });
    expect(position).toMatchObject({ realized_pnl: 20, unrealized_pnl: 0, current_price: 102 });
    expect(opened).toMatchObject({ side: 'SHORT', quantity: 5, average_price: 102, status: 'OPEN' });
    expect(opened).toMatchObject({ realized_pnl: 0, unrealized_pnl: 0, current_price: 102 });
    expect(realized).toBe('20.00');
  });

  test('an open position leaves the one it was given alone', () => {
    const before = applyFill(null, buy(10, 100)).position;
    const copy = { ...before };
    applyFill(before, sell(15, 102));
    expect(before).toEqual(copy);
  });

  test('a closed position is refused', () => {
    const closed = book([buy(1, 10), sell(1, 11)])[0]?.position ?? null;
    expect(() => applyFill(closed, buy(1, 10))).toThrow(RangeError);
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('%d shares is refused', (quantity) =>
    expect(() => applyFill(null, buy(quantity, 10))).toThrow(`not ${quantity}`),
  );

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('%d rupees is refused', (price) => {
    expect(() => applyFill(null, buy(1, price))).toThrow(`not ${price}`);
    expect(() => unrealized(applyFill(null, buy(1, 1)).position, price)).toThrow(RangeError);
  });
});

test('a mark values what is open', () => {
  const [long, short] = [buy(10, 100), sell(10, 100)].map((fill) => applyFill(null, fill).position);
  if (!long || !short) throw new Error('unreachable');
  expect([unrealized(long, 101.5), unrealized(short, 101.5)]).toEqual([15, -15]);
  expect([unrealized(long, 100), unrealized(short, 100)]).toEqual([0, 0]);
});

describe('whatever the fills', () => {
  const fill = fc.record({
    side: fc.constantFrom('BUY' as const, 'SELL' as const),
    quantity: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 100_000 })),
    price: fc.integer({ min: 1, max: 10_000_000 }).map((paisa) => paisa / 100),
  });
  const fills = fc.array(fill, { minLength: 1, maxLength: 40 });
  const every = (check: (fills: Execution[], rows: Row[]) => void) =>
    fc.assert(
      fc.property(fills, (given) => check(given, book(given))),
      { numRuns: 150 },
    );

  test('the signed position is the sum of signed fills, and at most the last row is open', () => {
    every((given, rows) => {
      const held = sum(rows.map(({ position }) => signed(position.side, position.quantity)));
      expect(held).toBe(sum(given.map((each) => signed(each.side, each.quantity))));
      for (const { position } of rows) expect(position.status === 'OPEN').toBe(position.quantity > 0);
      for (const { position } of rows.slice(0, -1)) expect(position.status).toBe('CLOSED');
    });
  });

  test('realized and unrealized are the cash that came in and the value of what is held', () => {
    every((given, rows) => {
      // In whole paisa, and so exact.
      const mark = paisa(given.at(-1)?.price ?? 0);
      const cash = sum(given.map((each) => -signed(each.side, each.quantity) * paisa(each.price)));
      const held = sum(rows.map(({ position }) => signed(position.side, position.quantity)));
      const result = sum(rows.map(({ position }) => position.realized_pnl + position.unrealized_pnl));
      close(result, (cash + held * mark) / 100, given);
    });
  });

  test('what is credited is the realized result of each row to the paisa', () => {
    every((_, rows) => {
      for (const { position, credited } of rows) {
        expect(credited).toBe(realizedOf(position));
        // The double of the column may lie on the other side of half a paisa: at crores it has no more digits.
        const { realized_pnl } = position;
        const difference = Math.abs(Number(credited) - realized_pnl);
        expect(difference).toBeLessThanOrEqual(0.005 + 2 * Math.abs(realized_pnl) * Number.EPSILON);
      }
    });
  });

  test('a fill in two parts is the same fill', () => {
    fc.assert(
      fc.property(fills, fc.nat(), fc.integer({ min: 1, max: 99_999 }), (given, at, part) => {
        const index = at % given.length;
        const whole = given[index];
        if (!whole || whole.quantity === 1) return;
        const first = 1 + (part % (whole.quantity - 1));
        const halves = [
          { ...whole, quantity: first },
          { ...whole, quantity: whole.quantity - first },
        ];
        const [a, b] = [book(given), book(given.toSpliced(index, 1, ...halves))];
        expect(b.length).toBe(a.length);
        for (const [i, { position }] of a.entries()) {
          const other = b[i]?.position;
          expect(other).toMatchObject({ side: position.side, quantity: position.quantity });
          close(other?.average_price ?? 0, position.average_price, given, 1);
          close(other?.realized_pnl ?? 0, position.realized_pnl, given);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('a flip keeps every share, and realizes what a close at that price would', () => {
    fc.assert(
      fc.property(fill, fill, (first, second) => {
        const more = { ...second, quantity: first.quantity + second.quantity };
        const flipping = { ...more, side: first.side === 'BUY' ? ('SELL' as const) : ('BUY' as const) };
        const before = applyFill(null, first).position;
        const flip = applyFill(before, flipping);
        const closing = applyFill(before, { ...flipping, quantity: first.quantity });
        expect(closing.opened).toBeUndefined();
        expect({ ...flip, opened: undefined }).toEqual({ ...closing, opened: undefined });
        expect(flip.opened?.quantity).toBe(second.quantity);
        expect(flip.opened).toEqual(applyFill(null, { ...flipping, quantity: second.quantity }).position);
      }),
    );
  });

  test('no number is infinite or minus zero, so a row reads back from its columns bit for bit', () => {
    every((_, rows) => {
      const numbers = rows.flatMap(({ position }) =>
        Object.values(position).filter((value) => typeof value === 'number'),
      );
      expect(numbers.filter((value) => !Number.isFinite(value) || Object.is(value, -0))).toEqual([]);
    });
  });
});
