import type { Context } from '../../context.ts';
import { breakeven, estimate } from '../../domain/charges/estimate.ts';
import { ratesOn } from '../../domain/charges/schedule.ts';
import { marketOf, segmentOf } from '../../domain/charges/segment.ts';
import type { OrderSide, Product } from '../../domain/enums.ts';
import type { Exchange } from '../../domain/exchanges.ts';
import { amountText, Decimal } from '../../domain/money.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { usage } from '../../util/failure.ts';
import { wallClock } from '../../util/time.ts';
import { loadSchedule } from './load-schedule.ts';

interface Estimated {
  symbol: TradingSymbol;
  side: OrderSide;
  quantity: number;
  /** Rupees per share. */
  price: number;
  product: Product;
  exchange: Exchange | undefined;
  /** YYYY-MM-DD; today if it is not given. */
  day: string | undefined;
  /** A file with another schedule. */
  schedule: string | undefined;
}

/** What an order would cost. Asks no database. Throws NO_RATE, and a usage error for a product that the symbol cannot have. */
export async function estimateOrder(ctx: Context, order: Estimated) {
  const { broker, order: orders } = await ctx.config();
  const { symbol, side, quantity, price, product } = order;
  const day = order.day ?? wallClock(ctx.now().toISOString(), await ctx.timeZone()).slice(0, 10);
  const market = marketOf(symbol, order.exchange ?? broker.exchange);
  if (!market)
    throw usage(
      `${symbol} looks like no future or option, which is what ${order.exchange ?? broker.exchange} trades.`,
      'Give --exchange NSE or --exchange BSE, or the whole symbol, such as NIFTY29DEC2626000CE.',
    );
  if (market.kind === 'shares' && product === 'NRML')
    throw usage('Shares have the product CNC, MIS or MTF, not NRML.');
  if (market.kind !== 'shares' && (product === 'CNC' || product === 'MTF'))
    throw usage(`Futures and options have the product NRML or MIS, not ${product}.`);
  const schedule = await loadSchedule(ctx, order.schedule);
  const rates = ratesOn(schedule, day);
  const trade = {
    order_id: '',
    symbol,
    ...market,
    product,
    side,
    quantity,
    value: new Decimal(price).times(quantity),
  };
  const note = estimate(trade, rates);
  const tick = new Decimal(orders.tick);
  const even = breakeven(trade, tick.gt(0) ? tick : new Decimal('0.01'), rates);
  return {
    ...{
      symbol,
      exchange: market.exchange,
      segment: segmentOf(market, product),
      product,
      side,
      quantity,
      price,
    },
    day,
    turnover: amountText(trade.value.toFixed()),
    charges_total: amountText(note.total.toFixed()),
    breakeven: even === null ? null : even.toNumber(),
    schedule: schedule.name,
    charges: note.charges.map(({ levy, base, rate, amount }) => ({
      levy,
      base: base === null ? null : amountText(base.toFixed()),
      rate,
      amount: amountText(amount.toFixed()),
    })),
  };
}
