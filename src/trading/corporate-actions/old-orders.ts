import { type RawBuilder, sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { OrderId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import { refused } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { IS_WORKING } from '../ledger/cancel-orders.ts';
import type { Step } from './step.ts';

/** Working orders that were placed before the ex-date: quantity and price are those of the old shares. */
const isOld = ({ symbols, effective_at }: Step) => sql`symbol = ANY(${[...symbols]}) AND ${IS_WORKING}
  AND created_at < ${effective_at}::timestamp`;

/** How many there are. */
export async function countOld(source: Source, step: Step): Promise<number> {
  const { rows } = await sql<{ orders: number }>`
    SELECT count(*)::int AS orders FROM orders WHERE ${isOld(step)}`.execute(source.db);
  return rows[0]?.orders ?? 0;
}

/**
 * Cancels them, of locked users, and returns their ids. Throws ORDER_STATE where one is, or may be, at the broker: only there it can be
 * ended.
 */
export async function cancelOld(
  trx: Trx,
  step: Step,
  isAtBroker: RawBuilder<boolean>,
  at: Instant,
): Promise<OrderId[]> {
  const { rows: there } = await sql<{ order_id: OrderId }>`
    SELECT order_id FROM orders WHERE ${isOld(step)} AND ${isAtBroker} ORDER BY order_id`.execute(trx.db);
  const [first] = there;
  if (first)
    throw refused(
      'ORDER_STATE',
      `${pluralize(there.length, 'order')} of before the ex-date ${there.length === 1 ? 'is' : 'are'} at the broker, such as ${first.order_id}: with the old quantity and price.`,
      `Nothing changed. Cancel there first: pinnacle order cancel --symbol ${step.lead.symbol} --send`,
    );
  const { rows } = await sql<{ order_id: OrderId }>`
    UPDATE orders SET status = 'CANCELLED', updated_at = ${at}::timestamp
    WHERE order_id IN (SELECT order_id FROM orders WHERE ${isOld(step)} ORDER BY order_id FOR NO KEY UPDATE)
    RETURNING order_id`.execute(trx.db);
  const ids = rows.map(({ order_id }) => order_id).sort();
  trx.touch('order', ids);
  return ids;
}
