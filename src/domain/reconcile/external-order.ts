import { type Difference, differenceOf } from './difference.ts';
import type { ExternalOrder } from './match-orders.ts';

/** An order that the broker has and nobody placed here, as a difference. */
export function externalOrder({ broker_order_id, order, trades, twinOf }: ExternalOrder): Difference {
  const [first] = trades;
  const shares = trades.reduce((sum, trade) => sum + trade.quantity, 0);
  const terms = order ?? first;
  const theirs = order
    ? `${order.side} ${order.filled_quantity} of ${order.quantity}, ${order.status_text}${order.text === '' ? '' : `: ${order.text}`}`
    : `${first?.side} ${shares}, not in the order book`;
  return differenceOf({
    class: 'ORDER_EXTERNAL',
    severity: twinOf ? 'CRITICAL' : 'ERROR',
    symbol: terms?.symbol ?? null,
    product: terms?.product ?? null,
    order_id: twinOf?.order_id ?? null,
    broker_order_id,
    theirs,
    difference: terms && shares > 0 ? String(terms.side === 'BUY' ? shares : -shares) : null,
    suggestion: twinOf
      ? `it has the tag of ${twinOf.order_id}, which is another order at the broker: it may be there twice`
      : `reconcile adopt --order ${broker_order_id}`,
  });
}
