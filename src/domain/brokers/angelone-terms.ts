import type { OrderTerms, PlacedOrder } from '../broker.ts';
import { VENDOR_PRODUCTS } from './angelone-values.ts';

/** The fields of a request of Angel One: every value is text. */
export type Fields = Record<string, string>;

const plain = (price: number): string => {
  const text = String(price);
  return text.includes('e') ? price.toFixed(20).replace(/\.?0+$/, '') : text;
};

/** The variety and type of an order. A STOP_LOSS order without a limit becomes a MARKET order when it is triggered. */
function kindOf({ order_type: type, price }: OrderTerms): { variety: string; ordertype: string } {
  if (type === 'MARKET') return { variety: 'NORMAL', ordertype: 'MARKET' };
  if (type === 'LIMIT') return { variety: 'NORMAL', ordertype: 'LIMIT' };
  return { variety: 'STOPLOSS', ordertype: price > 0 ? 'STOPLOSS_LIMIT' : 'STOPLOSS_MARKET' };
}

function termsOf(terms: OrderTerms): Fields {
  const isMarket = terms.order_type === 'MARKET';
  return {
    ...kindOf(terms),
    tradingsymbol: terms.tradingSymbol,
    symboltoken: terms.token,
    transactiontype: terms.side,
    exchange: terms.exchange,
    producttype: VENDOR_PRODUCTS[terms.product],
    duration: 'DAY',
    price: plain(isMarket ? 0 : terms.price),
    triggerprice: plain(isMarket ? 0 : (terms.trigger_price ?? 0)),
    quantity: String(terms.quantity),
  };
}

/** What placeOrder takes. */
export const placeFields = (terms: OrderTerms): Fields => ({
  ...termsOf(terms),
  squareoff: '0',
  stoploss: '0',
  trailingstoploss: '0',
  disclosedquantity: '0',
  ordertag: terms.tag,
});

/** What modifyOrder takes: every field again, and the variety that the order was placed with. */
export const modifyFields = (order: PlacedOrder): Fields => ({
  ...termsOf(order),
  variety: order.variety || kindOf(order).variety,
  orderid: order.broker_order_id,
});

/** What cancelOrder takes: also the variety that the order was placed with. */
export const cancelFields = (order: PlacedOrder): Fields => ({
  variety: order.variety || kindOf(order).variety,
  orderid: order.broker_order_id,
});
