import { type RawBuilder, sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { BookingResult } from '../../domain/book.ts';
import type { Instant } from '../../domain/instant.ts';
import { isOutOfRange } from '../../platform/postgres/errors.ts';
import type { Schema, SchemaPhase } from '../../platform/postgres/schema-phase.ts';
import { unnest } from '../../platform/postgres/unnest.ts';
import { refused } from '../../util/failure.ts';
import { insertNotifications } from '../notifications/notify.ts';
import { productColumn } from './product.ts';

/**
 * Writes the result of applying fills: one statement for all tables of the book, whatever the number of fills, and one
 * for the notifications. Every part writes a table of its own, so their order does not matter.
 */
export async function writeBook(trx: Trx, fold: BookingResult): Promise<void> {
  const bookedAt = fold.fills.at(-1)?.booked_at;
  if (bookedAt === undefined) return;
  const parts = [
    ...orders(fold),
    positions(trx, fold),
    fills(fold, trx.phase),
    ...capital(fold),
    ...strategies(fold, bookedAt),
    ...sessions(fold, bookedAt),
  ];
  const named = parts.map((part, i) => sql`${sql.ref(`part${i}`)} AS (${part})`);
  await sql`WITH ${sql.join(named)} SELECT`.execute(trx.db).catch((error) => {
    throw isOutOfRange(error) ? beyondCapital() : error;
  });
  trx.touch(
    'order',
    fold.orders.map((order) => order.order_id),
  );
  await insertNotifications(trx, bookedAt, fold.notices);
}

/** The columns hold 13 digits of rupees; what comes near is a mistake of a price or a quantity. */
export const beyondCapital = () =>
  refused(
    'CAPITAL_LIMIT',
    'The result of this fill, or the capital after it, would be ₹10,00,000 crore or more, which no account can hold.',
    'Check quantity and price. Smaller fills at their true prices are booked one by one.',
  );

type Part = RawBuilder<unknown>;

function orders(fold: BookingResult): Part[] {
  if (fold.orders.length === 0) return [];
  const source = unnest(
    'n',
    {
      order_id: 'text',
      status: 'text',
      filled_quantity: 'int',
      filled_price: 'float8',
      updated_at: 'timestamp',
    },
    fold.orders,
  );
  return [
    sql`
    UPDATE orders o
    SET status = n.status::order_status, filled_quantity = n.filled_quantity, filled_price = n.filled_price,
      updated_at = n.updated_at
    FROM ${source} WHERE o.order_id = n.order_id`,
  ];
}

/** The columns of a position as the ledger writes it, with their types. */
export const POSITION_TYPES = {
  position_id: 'text',
  user_id: 'text',
  strategy_id: 'text',
  symbol: 'text',
  product: 'text',
  side: 'text',
  quantity: 'int',
  average_price: 'float8',
  current_price: 'float8',
  unrealized_pnl: 'float8',
  realized_pnl: 'float8',
  status: 'text',
  order_id: 'text',
  opened_at: 'timestamp',
  closed_at: 'timestamp',
  updated_at: 'timestamp',
} as const;

function positions(schema: Schema, fold: BookingResult): Part {
  const source = unnest('n', POSITION_TYPES, fold.positions);
  return sql`
    INSERT INTO positions (position_id, user_id, strategy_id, symbol, side, quantity, average_price, current_price,
      unrealized_pnl, realized_pnl, status, order_id, opened_at, closed_at, created_at, updated_at${productColumn(schema)})
    SELECT position_id, user_id, strategy_id, symbol, side::position_side, quantity, average_price, current_price,
      unrealized_pnl, realized_pnl, status::position_status, order_id, opened_at, closed_at, opened_at, updated_at
      ${productColumn(schema)}
    FROM ${source}
    ON CONFLICT (position_id) DO UPDATE
    SET quantity = excluded.quantity, average_price = excluded.average_price, current_price = excluded.current_price,
      unrealized_pnl = excluded.unrealized_pnl, realized_pnl = excluded.realized_pnl, status = excluded.status,
      opened_at = excluded.opened_at, closed_at = excluded.closed_at, updated_at = excluded.updated_at,
      marked_at = NULL`;
}

/** The columns of an execution as the ledger writes it, with their types, without when it was booked. */
export const FILL_TYPES = {
  fill_id: 'text',
  order_id: 'text',
  broker_fill_id: 'text',
  quantity: 'int',
  price: 'float8',
  executed_at: 'timestamp',
  overfill: 'boolean',
  position_id: 'text',
  flipped_to: 'text',
  realized_pnl: 'numeric',
} as const;

function fills(fold: BookingResult, phase: SchemaPhase): Part {
  const columns = { ...FILL_TYPES, booked_at: 'timestamp' } as const;
  if (fold.fills.some(({ adopted }) => adopted !== undefined))
    return sql`
    INSERT INTO order_fills (fill_id, order_id, broker_fill_id, quantity, price, executed_at, overfill, position_id,
      flipped_to, realized_pnl, created_at, session_id, adopted)
    SELECT * FROM ${unnest(
      'n',
      { ...columns, session_id: 'text', adopted: 'text' },
      fold.fills.map((fill) => ({ adopted: null, ...fill })),
    )}`;
  if (phase < 3)
    return sql`
    INSERT INTO order_fills (fill_id, order_id, broker_fill_id, quantity, price, executed_at, overfill, position_id,
      flipped_to, realized_pnl, created_at)
    SELECT * FROM ${unnest('n', columns, fold.fills)}`;
  return sql`
    INSERT INTO order_fills (fill_id, order_id, broker_fill_id, quantity, price, executed_at, overfill, position_id,
      flipped_to, realized_pnl, created_at, session_id)
    SELECT * FROM ${unnest('n', { ...columns, session_id: 'text' }, fold.fills)}`;
}

function capital(fold: BookingResult): Part[] {
  if (fold.capital.length === 0) return [];
  return [
    sql`
    UPDATE users u SET total_capital = u.total_capital + c.realized
    FROM ${unnest('c', { user_id: 'text', realized: 'numeric' }, fold.capital)} WHERE u.user_id = c.user_id`,
  ];
}

function strategies(fold: BookingResult, bookedAt: Instant): Part[] {
  if (fold.strategies.length === 0) return [];
  const source = unnest(
    'c',
    { user_id: 'text', strategy_id: 'text', successful: 'int', realized: 'numeric' },
    fold.strategies,
  );
  // The column is a double: rounding to the paisa after each sum keeps it from drifting.
  return [
    sql`
    UPDATE user_strategies s
    SET successful_orders = s.successful_orders + c.successful,
      total_pnl = round(s.total_pnl::numeric + c.realized, 2)::float8, updated_at = greatest(s.updated_at, ${bookedAt}::timestamp)
    FROM ${source} WHERE s.user_id = c.user_id AND s.strategy_id = c.strategy_id`,
  ];
}

function sessions(fold: BookingResult, bookedAt: Instant): Part[] {
  if (fold.sessions.length === 0) return [];
  const source = unnest(
    'c',
    {
      session_id: 'text',
      successful: 'int',
      realized: 'numeric',
      start: 'float8',
      peak_equity: 'float8',
      max_drawdown: 'float8',
    },
    fold.sessions.map((session) => ({
      ...session,
      realized: session.realized / 100,
      start: session.start / 100,
    })),
  );
  return [
    sql`
    UPDATE trading_sessions s
    SET successful_orders = s.successful_orders + c.successful,
      total_pnl = round(s.total_pnl::numeric + c.realized, 2)::float8, capital_at_start = c.start, peak_equity = c.peak_equity,
      max_drawdown = c.max_drawdown, updated_at = greatest(s.updated_at, ${bookedAt}::timestamp)
    FROM ${source} WHERE s.session_id = c.session_id`,
  ];
}
