import type { Kysely } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { OrderSide } from '../../domain/enums.ts';
import type { PositionId } from '../../domain/id.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { notFound } from '../../util/failure.ts';

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

/** One position; throws POSITION_NOT_FOUND. */
export async function findPosition(db: Kysely<Database>, positionId: PositionId) {
  return known(await select(db, positionId).executeTakeFirst(), positionId);
}

export type Position = Awaited<ReturnType<typeof findPosition>>;

/** The same, under the locks of its trader and its own. */
export async function lockPosition(trx: Trx, positionId: PositionId): Promise<Position> {
  await trx.db
    .selectFrom('users')
    .select('user_id')
    .where('user_id', '=', (eb) =>
      eb.selectFrom('positions').select('user_id').where('position_id', '=', positionId),
    )
    .forNoKeyUpdate()
    .execute();
  return known(await select(trx.db, positionId).forNoKeyUpdate().executeTakeFirst(), positionId);
}

/** A working order that would reduce a position, if there is one. */
export async function findClosing(db: Kysely<Database>, position: Position, side: OrderSide) {
  return db
    .selectFrom('orders')
    .select('order_id')
    .where('user_id', '=', position.user_id)
    .where('symbol', '=', position.symbol)
    .where('strategy_id', position.strategy_id === null ? 'is' : '=', position.strategy_id)
    .where('side', '=', side)
    .where('status', 'in', ['PENDING', 'PLACED', 'PARTIALLY_FILLED'])
    .orderBy('order_id')
    .executeTakeFirst();
}

function select(db: Kysely<Database>, positionId: PositionId) {
  return db.selectFrom('positions').select(POSITION_COLUMNS).where('position_id', '=', positionId);
}

function known<T>(position: T | undefined, positionId: PositionId): T {
  if (position === undefined)
    throw notFound('position', positionId, 'See: pinnacle position list --status any');
  return position;
}
