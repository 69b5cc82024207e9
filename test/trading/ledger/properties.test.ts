import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyFills } from '../../../src/domain/apply-fills.ts';
import type {
  Book,
  BookingResult,
  BookOrder,
  BookPosition,
  ChainKey,
  Fill,
} from '../../../src/domain/book.ts';
import { type OrderId, orderId, strategyId, type UserId, userId } from '../../../src/domain/id.ts';
import { instant } from '../../../src/domain/instant.ts';
import { Decimal, toPaisa } from '../../../src/domain/money.ts';
import { unrealized } from '../../../src/domain/position.ts';
import { replay } from '../../../src/domain/replay-position.ts';
import { tradingSymbol } from '../../../src/domain/symbol.ts';

/*
 * Whole books: some traders with a running session and some without, their orders in two symbols with and without a
 * strategy or a product, and executions of these orders in any order, some reported twice.
 */
const START = 1_000_000;
const AT = instant(new Date('2026-01-30T03:45:00Z'));

const order = fc.record({
  user_id: fc.constantFrom(...['amit', 'asha', 'ravi'].map((id) => userId.parse(id))),
  symbol: fc.constantFrom(...['INFY', 'TCS'].map((name) => tradingSymbol.parse(name))),
  strategy_id: fc.constantFrom(strategyId.parse('rsi'), null),
  product: fc.constantFrom(null, 'MIS' as const, 'CNC' as const),
  side: fc.constantFrom('BUY' as const, 'SELL' as const),
  quantity: fc.integer({ min: 1, max: 40 }),
});
const fill = fc.record({
  order: fc.nat(),
  broker: fc.nat({ max: 30 }),
  quantity: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 50_000 })),
  price: fc.integer({ min: 1, max: 10_000_000 }).map((paisa) => paisa / 100),
});
const history = fc
  .record({
    orders: fc.array(order, { minLength: 1, maxLength: 8 }),
    fills: fc.array(fill, { minLength: 1, maxLength: 40 }),
  })
  .map(({ orders, fills }) => ({
    orders: orders.map((each, i) => ({ ...each, order_id: orderId.parse(`ord_${i}`) })),
    fills: reported(fills, orders.length),
  }));
type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

/** The executions as a broker reports them: the same id of the same order is the same execution. */
function reported(
  fills: readonly { order: number; broker: number; quantity: number; price: number }[],
  orders: number,
) {
  const known = new Map<string, Fill>();
  return fills.map(({ order, broker, quantity, price }) => {
    const order_id = orderId.parse(`ord_${order % orders}`);
    const broker_fill_id = `b${broker}`;
    const key = `${order_id} ${broker_fill_id}`;
    const first = known.get(key) ?? {
      order_id,
      broker_fill_id,
      quantity,
      price,
      executed_at: AT,
      booked_at: AT,
    };
    known.set(key, first);
    return first;
  });
}

function newBook({ orders }: Pick<History, 'orders'>): Book {
  const placed = orders.map(
    (each): BookOrder => ({
      ...each,
      filled_quantity: 0,
      filled_price: 0,
      status: 'PENDING',
      created_at: AT,
      updated_at: AT,
    }),
  );
  const session = (user_id: UserId) => ({
    session_id: `ses_${user_id}`,
    user_id,
    start_time: AT,
    start: START * 100,
    equity: START * 100,
    peak_equity: START,
    max_drawdown: 0,
    realized: 0,
    successful: 0,
  });
  return {
    orders: new Map(placed.map((each) => [each.order_id, each])),
    positions: new Map(),
    known: new Map(),
    acted: new Map(),
    idle: new Map(),
    sessions: new Map(['amit', 'asha'].map((id) => userId.parse(id)).map((user) => [user, session(user)])),
  };
}

/** A book as the next transaction finds it: rows read back from their columns, and what sessions were being told is written. */
function reread(book: Book): Book {
  const sessions = structuredClone(book.sessions);
  for (const session of sessions.values()) Object.assign(session, { realized: 0, successful: 0 });
  return {
    orders: structuredClone(book.orders),
    positions: structuredClone(book.positions),
    known: structuredClone(book.known),
    acted: book.acted,
    idle: book.idle,
    sessions,
  };
}

interface Kept {
  book: Book;
  /** Every position there ever was, as it stands. */
  positions: BookPosition[];
  fills: BookingResult['fills'];
  folds: BookingResult[];
}

/** Books a history in batches that end after the fills of these numbers; at once without any. */
function keep(history: History, cuts: readonly number[] = []): Kept {
  let book = newBook(history);
  const folds: BookingResult[] = [];
  const positions = new Map<string, BookPosition>();
  const ends = [...new Set(cuts.map((cut) => cut % history.fills.length))].sort((a, b) => a - b);
  for (const [i, start] of [0, ...ends].entries()) {
    const fold = applyFills(book, history.fills.slice(start, ends[i]), { allowOverfill: true });
    folds.push(structuredClone(fold));
    for (const position of fold.positions) positions.set(position.position_id, structuredClone(position));
    book = reread(book);
  }
  return { book, positions: [...positions.values()], fills: folds.flatMap((fold) => fold.fills), folds };
}

/** What positions are netted by. */
const keyOf = ({ user_id, symbol, strategy_id, product }: ChainKey) =>
  JSON.stringify([user_id, symbol, strategy_id, product]);
const one = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('is not there');
  return value;
};
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
/** Rupees with paisa, exactly. */
const total = (amounts: readonly (string | number)[]) =>
  amounts.reduce<Decimal>((a, b) => a.plus(b), new Decimal(0)).toFixed(2);
/** Bought shares positive; nothing is 0, never -0. */
const signed = (side: string, quantity: number) =>
  side === 'BUY' || side === 'LONG' ? quantity : 0 - quantity;

function stateOf(filled: number, ordered: number): string {
  if (filled === 0) return 'PENDING';
  return filled < ordered ? 'PARTIALLY_FILLED' : 'FILLED';
}

function meanOf(fills: readonly Pick<Fill, 'quantity' | 'price'>[]): number {
  if (fills.length === 0) return 0;
  const costs = fills.map(({ quantity, price }) => new Decimal(price).times(quantity));
  return costs
    .reduce((a, b) => a.plus(b))
    .div(sum(fills.map(({ quantity }) => quantity)))
    .toNumber();
}

function every(check: (history: History, kept: Kept) => void): void {
  fc.assert(
    fc.property(history, (given) => check(given, keep(given))),
    { numRuns: 150 },
  );
}

describe('whatever is booked', () => {
  test('each trader holds in a symbol, strategy and product what the fills there come to, in one open position at most', () => {
    every((_, { book, positions, fills }) => {
      const held = new Map<string, number>();
      for (const position of positions) {
        const key = keyOf(position);
        held.set(key, (held.get(key) ?? 0) + signed(position.side, position.quantity));
      }
      const traded = new Map<string, number>();
      for (const { order_id, quantity } of fills) {
        const order = one(book.orders.get(order_id));
        traded.set(keyOf(order), (traded.get(keyOf(order)) ?? 0) + signed(order.side, quantity));
      }
      expect(held).toEqual(traded);
      const open = positions.filter(({ status }) => status === 'OPEN');
      expect(new Set(open.map(keyOf)).size).toBe(open.length);
      expect(new Set(open)).toEqual(new Set(book.positions.values()));
    });
  });

  test('an order has what its fills come to, at their mean price, in the state that says so', () => {
    every((_, { book, fills }) => {
      for (const order of book.orders.values()) {
        const own = fills.filter(({ order_id }) => order_id === order.order_id);
        const filled = sum(own.map(({ quantity }) => quantity));
        expect(order).toMatchObject({ filled_quantity: filled, status: stateOf(filled, order.quantity) });
        // Each fill rounds the mean to a double once.
        const mean = meanOf(own);
        expect(Math.abs(order.filled_price - mean)).toBeLessThanOrEqual(own.length * Number.EPSILON * mean);
        expect(own.some(({ overfill }) => overfill)).toBe(filled > order.quantity);
      }
    });
  });

  test('what is credited to capital, to strategies and to positions is one sum, to the paisa', () => {
    every((_, { book, positions, fills, folds: [fold] }) => {
      const traderOf = ({ order_id }: { order_id: OrderId }) => one(book.orders.get(order_id));
      for (const user of ['amit', 'asha', 'ravi']) {
        const own = fills.filter((each) => traderOf(each).user_id === user);
        const credited = total(own.map((each) => each.realized_pnl));
        expect(fold?.capital.find(({ user_id }) => user_id === user)?.realized ?? '0.00').toBe(credited);
        const rows = positions.filter(({ user_id }) => user_id === user);
        expect(total(rows.map(({ realized_pnl }) => toPaisa(realized_pnl)))).toBe(credited);
        const filled = (orders: BookOrder[]) =>
          orders.filter((each) => each.user_id === user && each.status === 'FILLED').length;
        const session = fold?.sessions.find(({ user_id }) => user_id === user);
        if (session) {
          expect(total([session.realized / 100])).toBe(credited);
          expect(session.successful).toBe(filled([...book.orders.values()]));
        }
        const run = own.filter((each) => traderOf(each).strategy_id === 'rsi');
        const counted = fold?.strategies.find(({ user_id }) => user_id === user);
        expect(counted?.realized ?? '0.00').toBe(total(run.map((each) => each.realized_pnl)));
        const running = [...book.orders.values()].filter(({ strategy_id }) => strategy_id === 'rsi');
        expect(counted?.successful ?? 0).toBe(filled(running));
      }
    });
  });

  test('result and value of a position, marked at any price, are the cash that came in and what is held', () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 1, max: 10_000_000 }), (given, mark) => {
        const { book, positions, fills } = keep(given);
        for (const open of book.positions.values()) {
          const key = keyOf(open);
          const own = fills.filter((each) => keyOf(one(book.orders.get(each.order_id))) === key);
          const flow = own.map((each) => {
            const { side } = one(book.orders.get(each.order_id));
            return new Decimal(each.price).times(-signed(side, each.quantity));
          });
          const value = new Decimal(mark).div(100).times(signed(open.side, open.quantity));
          const expected = flow.reduce((a, b) => a.plus(b), value).toNumber();
          const rows = positions.filter((each) => keyOf(each) === key);
          const result = sum(rows.map(({ realized_pnl }) => realized_pnl)) + unrealized(open, mark / 100);
          // A fill rounds an average and a result, each to half a unit in the last place of shares times price.
          const shares = sum(own.map(({ quantity }) => quantity));
          const highest = Math.max(mark / 100, ...own.map(({ price }) => price));
          const slack = 2 * (own.length + 1) * shares * highest * Number.EPSILON;
          expect(Math.abs(result - expected)).toBeLessThanOrEqual(slack);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('a position is what its own fills make of it, a flip in two parts', () => {
    every((_, { book, positions, fills }) => {
      const stands = new Map<string, number>();
      const stored = fills.map((each) => {
        const order = one(book.orders.get(each.order_id));
        const after = (stands.get(keyOf(order)) ?? 0) + signed(order.side, each.quantity);
        stands.set(keyOf(order), after);
        return { ...each, side: order.side, stands: after };
      });
      for (const { position_id, ...row } of positions) {
        const own = stored.filter(
          (each) => each.position_id === position_id || each.flipped_to === position_id,
        );
        const steps = replay(position_id, own);
        expect(row).toMatchObject({ ...one(steps.at(-1)).position });
        const moved = steps.map(({ fill, shares }) => signed(fill.side, shares));
        expect(sum(moved)).toBe(signed(row.side, row.quantity));
      }
    });
  });

  test('batches of any size come to the same book, bit for bit', () => {
    fc.assert(
      fc.property(history, fc.array(fc.nat(), { maxLength: 40 }), (given, cuts) => {
        const [whole, cut] = [keep(given), keep(given, cuts)];
        const nameless = ({ positions }: Kept) =>
          positions
            .map(({ position_id, ...row }) => row)
            .sort((a, b) => (a.order_id ?? '').localeCompare(b.order_id ?? ''));
        expect(cut.book.orders).toEqual(whole.book.orders);
        expect(cut.book.sessions).toEqual(whole.book.sessions);
        expect(new Set(nameless(cut))).toEqual(new Set(nameless(whole)));
        const credits = ({ fills }: Kept) =>
          fills.map(({ realized_pnl, overfill }) => [realized_pnl, overfill]);
        expect(credits(cut)).toEqual(credits(whole));
        const duplicates = ({ folds }: Kept) => sum(folds.map((fold) => fold.duplicates));
        expect(duplicates(cut)).toBe(duplicates(whole));
      }),
      { numRuns: 150 },
    );
  });

  test('what is reported twice counts once', () => {
    every((given, { fills, folds: [fold] }) => {
      const distinct = new Set(given.fills);
      expect(fills).toHaveLength(distinct.size);
      expect(fold?.duplicates).toBe(given.fills.length - distinct.size);
      const once = keep({ ...given, fills: [...distinct] });
      const results = (kept: Kept) => kept.fills.map(({ realized_pnl }) => realized_pnl);
      expect(results(once)).toEqual(results({ ...once, fills }));
    });
  });

  test('a trader’s book does not depend on what others trade meanwhile', () => {
    every((given, { book, fills }) => {
      const asha = new Set(
        given.orders.filter(({ user_id }) => user_id === 'asha').map(({ order_id }) => order_id),
      );
      const own = given.fills.filter(({ order_id }) => asha.has(order_id));
      if (own.length === 0) return;
      const alone = keep({ ...given, fills: own });
      expect(alone.book.sessions.get('asha')).toEqual(book.sessions.get('asha'));
      const credits = (of: BookingResult['fills']) =>
        of.filter(({ order_id }) => asha.has(order_id)).map(({ realized_pnl }) => realized_pnl);
      expect(credits(alone.fills)).toEqual(credits(fills));
    });
  });

  test('a session knows its equity after every fill, its peak and the deepest fall from it', () => {
    every((given) => {
      let book = newBook(given);
      const credited = new Map<string, string>();
      const expected = new Map<string, { equity: number; peak: number; drawdown: number }>();
      for (const each of given.fills) {
        const { fills } = applyFills(book, [each], { allowOverfill: true });
        const user = one(book.orders.get(each.order_id)).user_id;
        if (fills.length > 0 && book.sessions.has(user)) {
          credited.set(
            user,
            total([credited.get(user) ?? 0, ...fills.map(({ realized_pnl }) => realized_pnl)]),
          );
          const open = [...book.positions.values()].filter(({ user_id }) => user_id === user);
          const equity = Number(
            total([
              START,
              credited.get(user) ?? 0,
              ...open.map(({ unrealized_pnl }) => toPaisa(unrealized_pnl)),
            ]),
          );
          const before = expected.get(user) ?? { peak: START, drawdown: 0 };
          const peak = Math.max(before.peak, equity);
          const [top, fallen] = [Math.round(peak * 100), Math.round((peak - equity) * 100)];
          expected.set(user, {
            equity,
            peak,
            drawdown: Math.max(before.drawdown, (fallen * 100) / top),
          });
        }
        book = reread(book);
      }
      for (const [user, { equity, peak, drawdown }] of expected) {
        const session = one(book.sessions.get(user));
        expect(session).toMatchObject({
          equity: Math.round(equity * 100),
          peak_equity: peak,
          max_drawdown: drawdown,
        });
      }
    });
  });
});
