import { defineCommand } from '../../cli/command.ts';
import { choice, optional, parsed, price, shares, toggle, withDefault } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { ORDER_SIDES, ORDER_TYPES, PRODUCTS } from '../../domain/enums.ts';
import { EXCHANGES } from '../../domain/exchanges.ts';
import { newOrderId, strategyId, userId } from '../../domain/id.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import { usage } from '../../util/failure.ts';
import { answered } from './answers.ts';
import { asksBroker, sendableFields, sendToBroker } from './asked.ts';

export const place = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 1,
  args: {},
  flags: {
    user: parsed(userId, 'USER', 'the user'),
    symbol: parsed(tradingSymbol, 'SYMBOL', 'the symbol'),
    side: choice(ORDER_SIDES, 'SIDE', 'the side'),
    quantity: shares('how many shares'),
    type: withDefault(choice(ORDER_TYPES, 'TYPE', 'the kind of order'), 'MARKET'),
    price: optional(price('rupees per share: the limit or trigger; for a MARKET order a reference only')),
    strategy: optional(parsed(strategyId, 'STRATEGY', 'the strategy it belongs to')),
    product: optional(choice(PRODUCTS, 'PRODUCT', 'how the broker carries the position')),
    exchange: optional(choice(EXCHANGES, 'EXCHANGE', 'the exchange or segment')),
    triggerPrice: optional(
      price('rupees per share, of a STOP_LOSS order: from where on --price is its limit'),
    ),
    orderId: optional(parsed(newOrderId, 'ID', 'the id; generated if omitted')),
    send: toggle('hand it to the broker at once'),
  },
  fields: sendableFields,
  answer: answered('Placed'),
  examples: [
    'order place --user trader_001 --symbol RELIANCE --side BUY --quantity 10 --type LIMIT --price 2450.50',
    'order place --user trader_001 --symbol TCS --side SELL --quantity 5 --json order_id',
    'order place --user trader_001 --symbol TCS --side SELL --quantity 5 --type STOP_LOSS --trigger-price 4000 --price 3995 --product MIS',
  ],
  details: `A LIMIT or STOP_LOSS order needs --price. A MARKET order without it takes a fresh quote in Redis, if there is one, as its
reference.
Of a STOP_LOSS order, --price is the trigger, from where on it is a MARKET order; with --trigger-price that is the trigger, and
--price the limit behind it. --product, --exchange and --trigger-price need step 8 of phase 4 (pinnacle migrate up); an order
without them has the product and exchange of the settings broker.product and broker.exchange when it is sent.
Where instruments and a calendar were imported, a price off the tick, a quantity that is no multiple of the lot or above the freeze
quantity, an expiry that is past and an exchange that is closed are warned of, or refused: the setting order.checks.`,
  async run(input, ctx: Context) {
    const { user, symbol, side, quantity, type, strategy } = input;
    if (type !== 'MARKET' && input.price === undefined)
      throw usage(`A ${type} order needs --price.`, 'For example: --price 2450.50');
    const sends = asksBroker(ctx, input.send);
    const { placeOrder } = await import('../../trading/orders/place-order.ts');
    const placed = await placeOrder(ctx, {
      order_id: input.orderId,
      user_id: user,
      strategy_id: strategy ?? null,
      symbol,
      side,
      order_type: type,
      quantity,
      price: input.price,
      product: input.product ?? null,
      exchange: input.exchange ?? null,
      trigger_price: input.triggerPrice ?? null,
    });
    return sends ? sendToBroker(ctx, [placed.order_id]) : placed;
  },
});
