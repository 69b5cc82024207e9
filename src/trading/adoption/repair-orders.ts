import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { UserId } from '../../domain/id.ts';
import { openedAt } from '../ledger/adopt-fills.ts';
import type { TradingDay } from '../trading-day.ts';
import { recordRepair } from './repairs.ts';

const BOOKED = sql`(SELECT sum(f.quantity) FROM order_fills f WHERE f.order_id = t.order_id AND f.adopted IS NULL)`;
/** What has more executions here than it says is damage, and not another program's way. */
const EXPLAINED = sql`coalesce(${BOOKED}, 0) <= t.filled_quantity`;

/** FILLED with nothing filled is the status alone; with a part of it, the rest is not invented. */
const FILLED = sql`CASE WHEN t.status = 'FILLED' AND t.filled_quantity = 0 THEN t.quantity ELSE t.filled_quantity END`;
const STATUS = sql`CASE
  WHEN ${FILLED} >= t.quantity THEN 'FILLED'
  WHEN t.status = 'PARTIALLY_FILLED' AND t.filled_quantity = 0 THEN 'PLACED'
  WHEN t.status IN ('PENDING', 'PLACED') AND t.filled_quantity > 0 THEN 'PARTIALLY_FILLED'
  WHEN t.status = 'FILLED' OR (t.status = 'REJECTED' AND t.filled_quantity > 0) THEN 'CANCELLED'
  ELSE t.status::text END`;
const PRICE = sql`CASE
  WHEN ${FILLED} = 0 THEN 0
  WHEN t.filled_price > 0 OR ${BOOKED} IS NOT NULL THEN t.filled_price
  WHEN t.price > 0 THEN t.price
  ELSE coalesce(${openedAt(sql`t.order_id`)}, 0) END`;

/**
 * Puts right what contradicts itself in orders of other programs: a status that does not say what is filled, a price of
 * nothing filled, a time in the future, which was written in the trading time zone. Returns how many were changed.
 */
export function repairOrders(
  trx: Trx,
  user: UserId,
  runId: string,
  { day, zone }: { day: TradingDay; zone: string },
): Promise<number> {
  const latest = sql`${day.now}::timestamp + interval '1 minute'`;
  const past = (column: string) => {
    const at = sql.ref(`t.${column}`);
    return sql`CASE WHEN ${at} > ${latest}
      THEN least(${at} AT TIME ZONE ${zone} AT TIME ZONE 'UTC', ${day.now}::timestamp) ELSE ${at} END`;
  };
  const rows = sql`t.user_id = ${user} AND NOT t.imported AND ${EXPLAINED} AND (
    (t.status::text, t.filled_quantity, t.filled_price) IS DISTINCT FROM (${STATUS}, ${FILLED}, ${PRICE})
    OR greatest(t.created_at, t.updated_at) > ${latest})`;
  return recordRepair(trx, { table: 'orders', user, runId, rows }, async () => {
    await sql`
      UPDATE orders t SET status = (${STATUS})::order_status, filled_quantity = ${FILLED}, filled_price = ${PRICE},
        created_at = ${past('created_at')}, updated_at = ${past('updated_at')}
      WHERE ${rows}`.execute(trx.db);
  });
}
