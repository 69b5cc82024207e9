import { sql } from 'kysely';
import { auditTarget } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { OrderStatus } from '../../domain/enums.ts';
import type { Instant } from '../../domain/instant.ts';
import { Decimal, toDouble } from '../../domain/money.ts';
import { refillOrder } from '../../domain/order-state.ts';
import { refused } from '../../util/failure.ts';
import type { BookedExecution } from '../ledger/chain-store.ts';
import { changeOrder, type Order } from '../ledger/order-store.ts';

/**
 * Writes a locked order as the revised executions leave it, `fill` the one that is corrected. Returns all executions of its
 * chain, with the overfills of the order marked. Throws LEDGER_INCONSISTENT if its executions do not make what it has filled.
 */
export async function refill(
  trx: Trx,
  order: Order,
  fill: BookedExecution,
  { chain, revised }: Readonly<Record<'chain' | 'revised', readonly BookedExecution[]>>,
  now: Instant,
): Promise<{ after: Order; executions: readonly BookedExecution[] }> {
  const own = (fills: readonly BookedExecution[]) =>
    fills.filter(({ order_id }) => order_id === order.order_id);
  const corrected = revised.find(({ fill_id }) => fill_id === fill.fill_id);
  // An order that came with its execution has its terms and its time.
  const terms =
    corrected && cameWith(order, fill)
      ? { quantity: corrected.quantity, price: corrected.price, created_at: corrected.created_at }
      : {};
  const brought = await broughtWith(trx, order, own(chain));
  const status = broughtStatus(order, brought, await unfilledStatus(trx, order, fill));
  const unfilled = { ...order, ...terms, ...brought, status };
  const mine = own(revised);
  const { order: full, overfills } = refillOrder(unfilled, mine);
  const over = new Map(mine.map((each, i) => [each.fill_id, overfills[i] === true]));
  const executions = revised.map((each) => {
    const overfill = over.get(each.fill_id) ?? each.overfill;
    return overfill === each.overfill ? each : { ...each, overfill };
  });
  const { result: after } = await changeOrder(trx, order, {
    ...terms,
    status: full.status,
    filled_quantity: full.filled_quantity,
    filled_price: full.filled_price,
    updated_at: now,
  });
  return { after, executions };
}

/** What an order had filled when it was imported, of which there are no executions. Throws LEDGER_INCONSISTENT. */
async function broughtWith(trx: Trx, order: Order, fills: readonly BookedExecution[]) {
  const filled = fills.reduce((sum, { quantity }) => sum + quantity, 0);
  const filled_quantity = order.filled_quantity - filled;
  if (filled_quantity === 0) return { filled_quantity, filled_price: 0 };
  const { imported } = await trx.db
    .selectFrom('orders')
    .select('imported')
    .where('order_id', '=', order.order_id)
    .executeTakeFirstOrThrow();
  if (!imported || filled_quantity < 0)
    throw refused(
      'LEDGER_INCONSISTENT',
      `Order ${order.order_id} has ${order.filled_quantity} filled, the executions that are here make ${filled}.`,
      'Nothing changed. See: pinnacle doctor ledger',
    );
  const value = fills.reduce(
    (sum, { quantity, price }) => sum.plus(new Decimal(price).times(quantity)),
    new Decimal(0),
  );
  const mean = new Decimal(order.filled_price).times(order.filled_quantity).minus(value).div(filled_quantity);
  return { filled_quantity, filled_price: toDouble(mean.round(MEAN_DECIMALS)) };
}

/** The mean of an order is a double, so that what is taken out of it has no more digits than this. */
const MEAN_DECIMALS = 10;

/** The status of an order with nothing but what it was imported with. */
function broughtStatus(
  { quantity }: Order,
  { filled_quantity }: Pick<Order, 'filled_quantity'>,
  unfilled: OrderStatus,
): OrderStatus {
  if (filled_quantity === 0) return unfilled;
  if (filled_quantity >= quantity) return 'FILLED';
  return unfilled === 'CANCELLED' ? unfilled : 'PARTIALLY_FILLED';
}

/** Whether an order was placed with its execution, as by an import of trades: it works nowhere. */
export const cameWith = (order: Order, fill: BookedExecution) =>
  order.order_type === 'MARKET' && order.created_at === fill.created_at;

/** The status of an order before its executions: it works again, unless it was cancelled or never worked. */
async function unfilledStatus(trx: Trx, order: Order, fill: BookedExecution): Promise<OrderStatus> {
  if (order.status === 'CANCELLED' || cameWith(order, fill) || (await wasCancelled(trx, order)))
    return 'CANCELLED';
  return order.broker_order_id === '' ? 'PENDING' : 'PLACED';
}

/** A late fill may have completed a cancelled order; the audit log tells. */
async function wasCancelled(trx: Trx, { order_id, created_at }: Order): Promise<boolean> {
  const { rows } = await sql`
    SELECT FROM audit_log WHERE at >= ${created_at}::timestamp
      AND (target = ${auditTarget('order', order_id)} AND command = 'order cancel'
        OR (command IN ('order cancel', 'risk halt', 'user offboard', 'corporate-action apply')
            OR command = 'risk flatten' AND strpos(body, '"halt_id"') > 0)
          AND strpos(body, ${JSON.stringify(order_id)}) > 0)
    LIMIT 1`.execute(trx.db);
  return rows.length > 0;
}
