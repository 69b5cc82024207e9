import { sql } from 'kysely';
import type { Trx } from '../audit/change.ts';
import { unnest } from '../db/unnest.ts';
import type { Fold } from './fold.ts';

/** Writes what a fold came to, in one statement a table however many fills there were. */
export async function writeFold(trx: Trx, fold: Fold): Promise<void> {
  if (fold.fills.length === 0) return;
  await writeOrders(trx, fold.orders);
  await writePositions(trx, fold.positions);
  await writeFills(trx, fold.fills);
  await creditUsers(trx, fold.capital);
  await creditStrategies(trx, fold);
}

async function writeOrders(trx: Trx, orders: Fold['orders']): Promise<void> {
  if (orders.length === 0) return;
  await sql`
    UPDATE orders o
    SET status = n.status::order_status, filled_quantity = n.filled_quantity, filled_price = n.filled_price,
      updated_at = n.updated_at
    FROM ${unnest(
      'n',
      {
        order_id: 'text',
        status: 'text',
        filled_quantity: 'int',
        filled_price: 'float8',
        updated_at: 'timestamp',
      },
      orders,
    )} WHERE o.order_id = n.order_id`.execute(trx);
}

async function writePositions(trx: Trx, positions: Fold['positions']): Promise<void> {
  await sql`
    INSERT INTO positions (position_id, user_id, strategy_id, symbol, side, quantity, average_price, current_price,
      unrealized_pnl, realized_pnl, status, order_id, opened_at, closed_at, created_at, updated_at)
    SELECT position_id, user_id, strategy_id, symbol, side::position_side, quantity, average_price, current_price,
      unrealized_pnl, realized_pnl, status::position_status, order_id, opened_at, closed_at, opened_at, updated_at
    FROM ${unnest(
      'n',
      {
        position_id: 'text',
        user_id: 'text',
        strategy_id: 'text',
        symbol: 'text',
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
      },
      positions,
    )}
    ON CONFLICT (position_id) DO UPDATE
    SET quantity = excluded.quantity, average_price = excluded.average_price, current_price = excluded.current_price,
      unrealized_pnl = excluded.unrealized_pnl, realized_pnl = excluded.realized_pnl, status = excluded.status,
      closed_at = excluded.closed_at, updated_at = excluded.updated_at`.execute(trx);
}

async function writeFills(trx: Trx, fills: Fold['fills']): Promise<void> {
  await sql`
    INSERT INTO order_fills (fill_id, order_id, broker_fill_id, quantity, price, executed_at, overfill, position_id,
      flipped_to, realized_pnl, created_at)
    SELECT * FROM ${unnest(
      'n',
      {
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
        booked_at: 'timestamp',
      },
      fills,
    )}`.execute(trx);
}

async function creditUsers(trx: Trx, capital: Fold['capital']): Promise<void> {
  const moved = capital.filter(({ realized }) => Number(realized) !== 0);
  if (moved.length === 0) return;
  await sql`
    UPDATE users u SET total_capital = u.total_capital + c.realized
    FROM ${unnest('c', { user_id: 'text', realized: 'numeric' }, moved)} WHERE u.user_id = c.user_id`.execute(
    trx,
  );
}

async function creditStrategies(trx: Trx, { strategies, fills }: Fold): Promise<void> {
  if (strategies.length === 0) return;
  const bookedAt = fills.at(-1)?.booked_at;
  // The column is a double: rounding to the paisa after each sum keeps it from drifting.
  await sql`
    UPDATE user_strategies s
    SET successful_orders = s.successful_orders + c.successful,
      total_pnl = round(s.total_pnl::numeric + c.realized, 2)::float8, updated_at = ${bookedAt}::timestamp
    FROM ${unnest(
      'c',
      { user_id: 'text', strategy_id: 'text', successful: 'int', realized: 'numeric' },
      strategies,
    )} WHERE s.user_id = c.user_id AND s.strategy_id = c.strategy_id`.execute(trx);
}
