import { defineCommand } from '../../cli/command.ts';
import { choice, day, optional, parsed, price, shares } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { ORDER_SIDES, PRODUCTS } from '../../domain/enums.ts';
import { EXCHANGES } from '../../domain/exchanges.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import { scheduleFlag } from './flags.ts';

export const estimate = defineCommand({
  effect: 'read',
  still: true,
  args: {},
  flags: {
    symbol: parsed(tradingSymbol, 'SYMBOL', 'the symbol'),
    side: choice(ORDER_SIDES, 'SIDE', 'the side'),
    quantity: shares('how many shares or units'),
    price: price('rupees per share or unit; of an option, the premium'),
    product: choice(
      PRODUCTS,
      'PRODUCT',
      'CNC or MTF to keep shares, MIS to square off, NRML for derivatives',
    ),
    exchange: optional(choice(EXCHANGES, 'EXCHANGE', 'the exchange (default: broker.exchange)')),
    day: optional(day('by the rates of this day (default: today)')),
    schedule: scheduleFlag,
  },
  fields: {
    symbol: { type: 'text' },
    exchange: { type: 'text' },
    segment: { type: 'text' },
    product: { type: 'text' },
    side: { type: 'text', kind: 'state' },
    quantity: { type: 'integer' },
    price: { type: 'number', kind: 'price' },
    day: { type: 'text' },
    turnover: { type: 'money' },
    charges_total: { type: 'money' },
    breakeven: { type: 'number', kind: 'price' },
    schedule: { type: 'text', hidden: true },
    charges: {
      type: 'rows',
      of: {
        levy: { type: 'text' },
        base: { type: 'money' },
        rate: { type: 'text' },
        amount: { type: 'money' },
      },
    },
  },
  examples: [
    'charges estimate --symbol RELIANCE --side BUY --quantity 100 --price 1400 --product MIS',
    'charges estimate --symbol INFY --side SELL --quantity 50 --price 1640.10 --product CNC --day 2025-06-17',
    'charges estimate --symbol NIFTY29DEC2626000CE --side BUY --quantity 75 --price 112.35 --product NRML --json charges_total,breakeven',
  ],
  details: `Asks no database. Each levy with what its rate applies to, rounded as on a contract note; breakeven is the price on order.tick at
which the position is closed without loss after the charges of both sides: MIS on the same day, others later, with dp where shares are
delivered. What a fill costs together with others of its day is in charges show: shares that are bought and sold on one day are intraday
whatever their product. A levy, exchange or day that the schedule does not have is refused (NO_RATE).`,
  async run(order, ctx: Context) {
    const { estimateOrder } = await import('../../trading/charges/estimate-order.ts');
    return estimateOrder(ctx, order);
  },
});
