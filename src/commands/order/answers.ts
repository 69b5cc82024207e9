import type { Answer, RowOf } from '../../cli/result.ts';
import { amountText, formatRupees } from '../../domain/money.ts';
import type { orderFields } from './fields.ts';

type Order = RowOf<typeof orderFields>;

/** What became of an order: `Placed ord_01: BUY 5 INFY LIMIT ₹100.00 for trader_001 (PENDING)`. */
export const answered =
  (done: string) =>
  (order: Order): Answer => ({
    done: `${done} ${order.order_id}: ${terms(order)} for ${order.user_id} (${state(order)})`,
    next: ['order', 'show', order.order_id],
  });

function terms({ side, quantity, symbol, order_type, price }: Order): string {
  const at = order_type === 'MARKET' ? '' : ` ${rupees(price)}`;
  return `${side} ${quantity} ${symbol} ${order_type}${at}`;
}

function state({ status, filled_quantity, quantity, filled_price }: Order): string {
  if (!Number(filled_quantity)) return String(status);
  return `${status}, ${filled_quantity} of ${quantity} at ${rupees(filled_price)}`;
}

const rupees = (price: number | null): string => (price === null ? '-' : formatRupees(amountText(price)));
