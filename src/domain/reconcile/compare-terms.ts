import type { BrokerOrder } from '../broker.ts';
import { type Difference, differenceOf, type OurOrder } from './difference.ts';

/**
 * Compares the terms of an order. Type and price of a MARKET order are not compared: brokers send it out as a LIMIT order
 * that protects it. A STOP_LOSS order has another type once it is triggered.
 */
export function compareTerms(ours: OurOrder, theirs: BrokerOrder): Difference[] {
  return differing(ours, theirs).map(({ name, our, their }) =>
    differenceOf({
      class: 'ORDER_TERMS',
      severity: 'ERROR',
      symbol: ours.symbol,
      product: ours.product,
      order_id: ours.order_id,
      broker_order_id: theirs.broker_order_id,
      ours: `${name} ${our}`,
      theirs: `${name} ${their}`,
      difference: typeof our === 'number' && typeof their === 'number' ? String(their - our) : null,
      suggestion: 'never repaired: amend the order here or at the broker',
    }),
  );
}

interface Differing {
  name: string;
  our: string | number;
  their: string | number;
}

function differing(ours: OurOrder, theirs: BrokerOrder): Differing[] {
  const found: Differing[] = [];
  const compare = (name: string, our: string | number | null, their: string | number | null) => {
    if (our !== null && their !== null && our !== their) found.push({ name, our, their });
  };
  compare('symbol', ours.symbol, theirs.symbol);
  compare('side', ours.side, theirs.side);
  compare('quantity', ours.quantity, theirs.quantity);
  compare('product', ours.product, theirs.product);
  if (ours.order_type === 'LIMIT') {
    compare('type', ours.order_type, theirs.order_type);
    compare('price', ours.price, theirs.price);
  }
  if (ours.order_type === 'STOP_LOSS' && theirs.order_type === 'STOP_LOSS') {
    compare('trigger', ours.trigger_price, theirs.trigger_price);
    // Without a limit it becomes a MARKET order.
    if (ours.trigger_price !== null && ours.price > 0) compare('price', ours.price, theirs.price);
  }
  return found;
}
