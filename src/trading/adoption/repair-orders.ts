import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { UserId } from '../../domain/id.ts';
import type { TradingDay } from '../trading-day.ts';
import { recordRepair } from './repairs.ts';

/** What has executions here is no other program's alone: `doctor ledger` says what is wrong with it. */
const UNTOUCHED = sql`NOT EXISTS (SELECT FROM order_fills f WHERE f.order_id = t.order_id AND f.adopted IS NULL)`;

const FILLED = sql`CASE t.status WHEN 'FILLED' THEN greatest(t.filled_quantity, t.quantity) ELSE t.filled_quantity END`;
const STATUS = sql`CASE
  WHEN ${FILLED} >= t.quantity THEN 'FILLED'
  WHEN t.status = 'PARTIALLY_FILLED' AND t.filled_quantity = 0 THEN 'PLACED'
  WHEN t.status IN ('PENDING', 'PLACED') AND t.filled_quantity > 0 THEN 'PARTIALLY_FILLED'
  WHEN t.status = 'REJECTED' AND t.filled_quantity > 0 THEN 'CANCELLED'
  ELSE t.status::text END`;
const PRICE = sql`CASE
  WHEN ${FILLED} = 0 THEN 0
  WHEN t.filled_price > 0 THEN t.filled_price ELSE t.price END`;

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
  const rows = sql`t.user_id = ${user} AND NOT t.imported AND ${UNTOUCHED} AND (
    (t.status::text, t.filled_quantity, t.filled_price) IS DISTINCT FROM (${STATUS}, ${FILLED}, ${PRICE})
    OR greatest(t.created_at, t.updated_at) > ${latest})`;
  return recordRepair(trx, { table: 'orders', user, runId, rows }, async () => {
    await sql`
      UPDATE orders t SET status = (${STATUS})::order_status, filled_quantity = ${FILLED}, filled_price = ${PRICE},
        created_at = ${past('created_at')}, updated_at = ${past('updated_at')}
      WHERE ${rows}`.execute(trx.db);
  });
}
