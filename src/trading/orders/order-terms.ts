import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { OrderId } from '../../domain/id.ts';
import { BROKER_SINCE_STEP, hasStep, needStep, type Source } from '../../platform/postgres/schema-phase.ts';
import type { Order } from '../ledger/order-store.ts';

/** What an order names for the broker, beside its product; null where nobody said. */
export interface NamedTerms {
  exchange: string | null;
  /** Rupees per share. */
  trigger_price: number | null;
}

/** The terms of an order; none on a schema that lacks them. */
export async function readTerms(source: Source, orderId: OrderId): Promise<NamedTerms> {
  const none = { exchange: null, trigger_price: null };
  if (!hasStep(source, BROKER_SINCE_STEP)) return none;
  const query = source.db.selectFrom('orders').select(['exchange', 'trigger_price']);
  return (await query.where('order_id', '=', orderId).executeTakeFirst()) ?? none;
}

/** The trigger of an order that can have one, in rupees per share; null for none. */
export async function triggerOf(
  ctx: Pick<Context, 'source'>,
  { order_id, order_type }: Pick<Order, 'order_id' | 'order_type'>,
): Promise<number | null> {
  if (order_type !== 'STOP_LOSS') return null;
  return (await readTerms(await ctx.source(), order_id)).trigger_price;
}

/** Writes terms of an order that was just placed or locked, and nothing where none is said. Throws PHASE_NEEDED. */
export async function writeTerms(trx: Trx, orderId: OrderId, terms: NamedTerms): Promise<void> {
  const { exchange, trigger_price } = terms;
  if (exchange === null && trigger_price === null) return;
  needStep(trx, BROKER_SINCE_STEP);
  await sql`UPDATE orders SET exchange = ${exchange}, trigger_price = ${trigger_price}::float8
    WHERE order_id = ${orderId}`.execute(trx.db);
}
