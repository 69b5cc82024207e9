import type { Kysely } from 'kysely';
import { notFound } from '../cli/errors.ts';
import type { Database } from '../db/schema.ts';

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
] as const;

/** One position; throws POSITION_NOT_FOUND. */
export async function findPosition(db: Kysely<Database>, positionId: string) {
  const position = await db
    .selectFrom('positions')
    .select(POSITION_COLUMNS)
    .where('position_id', '=', positionId)
    .executeTakeFirst();
  if (!position) throw notFound('position', positionId, 'See: pinnacle position list --status any');
  return position;
}
