import { optional, toggle, words } from '../../cli/flags.ts';
import type { Fields } from '../../cli/result.ts';

/** The flags with the prices that positions are closed at. */
export const exitPriceFlags = {
  at: optional(words('SYMBOL=PRICE,…', 'rupees per share of the fills, where no broker is configured')),
  fromCache: toggle('the same at fresh quotes in Redis'),
};

/** How each position was closed. */
export const closingFields = {
  closing_order_id: { type: 'text' },
  closing_status: { type: 'text', kind: 'state' },
  credited: { type: 'money', kind: 'gain' },
} as const satisfies Fields;

/** Details for help: how several positions are closed. */
export const exitDetails = `places the opposite MARKET orders for all open positions, in one transaction. Where no broker is configured,
--at and --from-cache book their fills at once, and a position without a price is left, as is one of a trader with an account at a broker or with a
quote that is probably wrong (outside its own day's range, or more than guard.priceMove off the last price or the close of the day before); where one is, the fills come from the broker, and
the orders wait to be sent. A MARKET order that closes all of a position already is listed with its status, and gets no second one. A position
with another working exit or without a price, or that other programs left in two parts, keeps no other from being closed: it is listed with the problem, and the command ends 6. A second run does what is left.`;
