import type { BrokerOrder } from '../broker.ts';
import type { OurOrder } from './difference.ts';

/** What a difference is about, of an order that the broker may have. */
export const aboutOrder = (ours: OurOrder, theirs: BrokerOrder | undefined) => ({
  symbol: ours.symbol,
  product: ours.product,
  order_id: ours.order_id,
  broker_order_id: theirs?.broker_order_id ?? (ours.broker_order_id || null),
});

/** Where an order is at the broker, in its words. */
export const stateOf = ({ status_text, filled_quantity, quantity }: BrokerOrder): string =>
  `${status_text} ${filled_quantity}/${quantity}`;

/** Where an order is here. */
export const stateOfOurs = ({ status, filled_quantity, quantity }: OurOrder): string =>
  `${status} ${filled_quantity}/${quantity}`;
