import type { Kysely } from 'kysely';
import { type OrderSide, WORKING_STATUSES } from '../../domain/enums.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { rowsOf, textOfStep } from '../rows-of.ts';

export const POSITION_COLUMNS = [
  'position_id',
  'user_id',
  'strategy_id',
  'symbol',
  'side',
  'quantity',
  'average_price',
  'current_price',
  'unrealized_pnl',
  'realized_pnl',
  'status',
  'order_id',
  'opened_at',
  'closed_at',
  'created_at',
  'updated_at',
  'marked_at',
] as const;

const positions = rowsOf(
  'positions',
  POSITION_COLUMNS,
  'position',
  'See: pinnacle position list --status any',
  ['product'],
);

export type Position = Awaited<ReturnType<typeof positions.find>>;

export const findPosition = positions.find;
/** In the order of their ids. */
export const findPositions = positions.findMany;
/** Locks the user, then the position. */
export const lockPosition = positions.lockWithUser;

/** A working order that would reduce a position, if there is one. */
export async function findClosing(db: Kysely<Database>, position: Position, side: OrderSide) {
  return db
    .selectFrom('orders')
    .select('order_id')
    .where('user_id', '=', position.user_id)
    .where('symbol', '=', position.symbol)
    .where('strategy_id', position.strategy_id === null ? 'is' : '=', position.strategy_id)
    .where((eb) => eb(textOfStep(eb, 'orders', 'product'), 'is not distinct from', position.product))
    .where('side', '=', side)
    .where('status', 'in', WORKING_STATUSES)
    .orderBy('order_id')
    .executeTakeFirst();
}
