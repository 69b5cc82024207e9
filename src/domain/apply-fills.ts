import { notFound, refused, usage } from '../util/failure.ts';
import {
  type Book,
  type BookedFill,
  type BookingResult,
  type BookOrder,
  type BookPosition,
  type Fill,
  fillKey,
  positionKey,
  strategyKey,
} from './book.ts';
import { type BookSession, moveEquity, moveStart } from './equity.ts';
import { mintId, type PositionId, type StrategyId, type UserId } from './id.ts';
import { type Instant, isBefore } from './instant.ts';
import { addMoney, NO_RUPEES, type Rupees } from './money.ts';
import type { Notice } from './notice.ts';
import { fillNotice } from './notices.ts';
import { applyFillToOrder } from './order-state.ts';
import { applyFill, type Position } from './position.ts';

export interface Booking {
  /** The broker is authoritative: a fill beyond the order's quantity is recorded, flagged and notified. */
  allowOverfill?: boolean;
  /** History, which notifies nobody. */
  quiet?: boolean;
}

/**
 * Applies fills to the book in memory, in place and in order: the order, position, capital and counters of each. No I/O.
 * Throws ORDER_NOT_FOUND, ORDER_STATE or OVERFILL if an order cannot take a fill, FILL_CONFLICT if a fill id is known
 * with other data, FILL_BUSTED if it was taken back, and a usage error if a fill predates its order.
 */
export function applyFills(book: Book, fills: readonly Fill[], options: Booking): BookingResult {
  const tally: Accumulator = {
    fills: [],
    orders: new Set(),
    positions: new Set(),
    capital: new Map(),
    strategies: new Map(),
    sessions: new Set(),
    notices: [],
  };
  // A book may be held from one batch to the next: what the one before added is written.
  for (const session of book.sessions.values()) {
    session.realized = 0;
    session.successful = 0;
  }
  for (const fill of fills) {
    const order = orderOf(book, fill);
    if (!isKnown(book, fill)) applyOne(book, order, fill, options, tally);
  }
  return {
    fills: tally.fills,
    orders: [...tally.orders],
    positions: [...tally.positions].sort((a, b) => Number(a.status === 'OPEN') - Number(b.status === 'OPEN')),
    capital: [...tally.capital].map(([user_id, realized]) => ({ user_id, realized })),
    strategies: [...tally.strategies.values()],
    sessions: [...tally.sessions],
    notices: tally.notices,
    duplicates: fills.length - tally.fills.length,
  };
}

/** The result so far; a row that several fills change is in it once. */
interface Accumulator {
  fills: BookedFill[];
  orders: Set<BookOrder>;
  positions: Set<BookPosition>;
  capital: Map<UserId, Rupees>;
  strategies: Map<string, BookingResult['strategies'][number]>;
  sessions: Set<BookSession>;
  notices: Notice[];
}

/** The order of a fill. A fill dated by the clock that books it may seem older than the order: clocks differ. */
function orderOf(book: Book, { order_id, executed_at, booked_at }: Fill): BookOrder {
  const order = book.orders.get(order_id);
  if (!order) throw notFound('order', order_id, 'See: pinnacle order list');
  if (executed_at !== booked_at && isBefore(executed_at, order.created_at))
    throw usage(
      `Order ${order_id} was placed at ${order.created_at}; a fill at ${executed_at} cannot belong to it.`,
    );
  return order;
}

function applyOne(
  book: Book,
  order: BookOrder,
  fill: Fill,
  { allowOverfill = false, quiet = false }: Booking,
  tally: Accumulator,
): void {
  const next = applyFillToOrder(order, fill, { allowOverfill });
  const completes = next.status === 'FILLED' && order.status !== 'FILLED';
  order.status = next.status;
  order.filled_quantity = next.filled_quantity;
  order.filled_price = next.filled_price;
  order.updated_at = fill.booked_at;
  tally.orders.add(order);
  const moved = movePosition(book, order, fill);
  for (const position of moved.touched) tally.positions.add(position);
  const { realized, position_id, flipped_to } = moved;
  if (realized !== NO_RUPEES)
    tally.capital.set(order.user_id, addMoney(tally.capital.get(order.user_id) ?? NO_RUPEES, realized));
  if (order.strategy_id !== null) credit(tally.strategies, order, order.strategy_id, completes, realized);
  const running = book.sessions.get(order.user_id);
  const session = running && !isBeforeSession(fill, running) ? running : undefined;
  if (session) moveEquity(session, realized, moved.unrealized, completes);
  else if (running) moveStart(running, realized, moved.unrealized);
  if (running) tally.sessions.add(running);
  // Property by property, here and below: spreading a fill or a position costs more than all the arithmetic.
  const booked: BookedFill = {
    order_id: fill.order_id,
    broker_fill_id: fill.broker_fill_id,
    quantity: fill.quantity,
    price: fill.price,
    executed_at: fill.executed_at,
    booked_at: fill.booked_at,
    fill_id: mintId('fil', new Date(fill.booked_at)),
    overfill: next.overfill,
    position_id,
    flipped_to,
    realized_pnl: realized,
    session_id: session?.session_id ?? null,
  };
  if (fill.adopted !== undefined) booked.adopted = fill.adopted;
  tally.fills.push(booked);
  if (quiet) return;
  const notice = fillNotice(order, booked, { ...next, completes, idle: book.idle.get(strategyKey(order)) });
  if (notice) tally.notices.push(notice);
}

/** Whether a fill is history from before a session began. A late report counts when it is booked. */
const isBeforeSession = ({ executed_at, booked_at }: Fill, { start_time }: BookSession): boolean =>
  executed_at === booked_at && isBefore(executed_at, start_time);

function isKnown(book: Book, fill: Fill): boolean {
  const key = fillKey(fill);
  const known = book.known.get(key);
  if (!known) {
    book.known.set(key, fill);
    return false;
  }
  if (known.busted)
    throw refused(
      'FILL_BUSTED',
      `The fill ${fill.broker_fill_id} of order ${fill.order_id} was taken back, and is not booked again.`,
      'Another execution needs a broker fill id of its own.',
    );
  if (known.quantity === fill.quantity && known.price === fill.price) return true;
  throw refused(
    'FILL_CONFLICT',
    `The fill ${fill.broker_fill_id} of order ${fill.order_id} is booked with other data: ${known.quantity} at ${known.price}.`,
    `See what is booked: pinnacle order show ${fill.order_id}. Another execution needs a broker fill id of its own.`,
  );
}

interface Move {
  touched: BookPosition[];
  position_id: PositionId;
  flipped_to: PositionId | null;
  realized: Rupees;
  /** The unrealized P&L before and after, of the row or of the one that a flip opened; rupees. */
  unrealized: readonly [number, number];
}

/** Nets a fill into the open position of its user, symbol, strategy and product; opens, closes or flips it. */
function movePosition(book: Book, order: BookOrder, fill: Fill): Move {
  const key = positionKey(order);
  const before = book.positions.get(key) ?? null;
  const acted_at = book.acted.get(key);
  if (acted_at !== undefined && isBefore(fill.executed_at, acted_at))
    throw beforeAction(order, fill, acted_at);
  const unrealizedBefore = before?.unrealized_pnl ?? 0;
  const effect = applyFill(before, { side: order.side, quantity: fill.quantity, price: fill.price });
  const row = before ? updatePosition(before, fill, effect.position) : open(order, fill, effect.position);
  const flipped = effect.opened ? open(order, fill, effect.opened) : null;
  const current = flipped ?? (row.status === 'OPEN' ? row : undefined);
  if (current) book.positions.set(key, current);
  else book.positions.delete(key);
  return {
    touched: flipped ? [row, flipped] : [row],
    position_id: row.position_id,
    flipped_to: flipped?.position_id ?? null,
    realized: effect.realized,
    unrealized: [unrealizedBefore, current?.unrealized_pnl ?? 0],
  };
}

/** Its shares are those before a split, or of another company: they do not add to what the position holds now. */
const beforeAction = ({ symbol, user_id }: BookOrder, fill: Fill, acted_at: Instant) =>
  refused(
    'FILL_BEFORE_ACTION',
    `The fill ${fill.broker_fill_id} of order ${fill.order_id} was executed at ${fill.executed_at}, before a corporate action of ${symbol} (${acted_at}) that is booked for ${user_id} already.`,
    `Reverse the action, book the fill, and apply the action again. See: pinnacle corporate-action list --symbol ${symbol}`,
  );

/** Writes the position after a fill to its row. */
function updatePosition(row: BookPosition, fill: Fill, position: Position): BookPosition {
  row.quantity = position.quantity;
  row.average_price = position.average_price;
  row.current_price = position.current_price;
  row.unrealized_pnl = position.unrealized_pnl;
  row.realized_pnl = position.realized_pnl;
  row.status = position.status;
  row.exact = position.exact;
  row.closed_at = position.status === 'CLOSED' ? fill.executed_at : null;
  // A report may come late.
  if (isBefore(fill.executed_at, row.opened_at)) row.opened_at = fill.executed_at;
  row.updated_at = fill.booked_at;
  return row;
}

function open(order: BookOrder, fill: Fill, position: Position): BookPosition {
  return {
    ...position,
    position_id: mintId('pos', new Date(fill.executed_at)),
    user_id: order.user_id,
    strategy_id: order.strategy_id,
    symbol: order.symbol,
    product: order.product,
    order_id: order.order_id,
    opened_at: fill.executed_at,
    closed_at: null,
    updated_at: fill.booked_at,
  };
}

function credit(
  strategies: Map<string, BookingResult['strategies'][number]>,
  order: BookOrder,
  strategyId: StrategyId,
  completes: boolean,
  realized: Rupees,
): void {
  const key = strategyKey(order);
  let sums = strategies.get(key);
  if (!sums) {
    sums = { user_id: order.user_id, strategy_id: strategyId, successful: 0, realized: NO_RUPEES };
    strategies.set(key, sums);
  }
  sums.successful += completes ? 1 : 0;
  if (realized !== NO_RUPEES) sums.realized = addMoney(sums.realized, realized);
}
