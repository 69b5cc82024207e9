import type { OrderId } from '../../domain/id.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { acceptOrder, rejectOrder } from '../../trading/orders/broker-answers.ts';
import { cancelOrder } from '../../trading/orders/cancel-order.ts';
import { fillOrder } from '../../trading/orders/fill-order.ts';
import { placeOrder } from '../../trading/orders/place-order.ts';
import { startAllSessions } from '../../trading/sessions/start-session.ts';
import { inTicks } from './market.ts';
import { markAt, type Stage } from './trade-days.ts';
import { type Share, TRADERS } from './traders.ts';

/** Orders of today, and what became of each: `share` of its price is how far the limit is below the last one. */
const ORDERS = [
  { id: 'play-1', trader: 0, symbol: 'TCS', quantity: 20, below: 0.01, fate: 'waits' },
  { id: 'play-2', trader: 0, symbol: 'INFY', quantity: 40, below: 0.005, fate: 'accepted' },
  { id: 'play-3', trader: 1, symbol: 'ITC', quantity: 100, below: 0, fate: 'partly filled' },
  { id: 'play-4', trader: 1, symbol: 'HDFCBANK', quantity: 15, below: 0, fate: 'filled' },
  { id: 'play-5', trader: 3, symbol: 'SBIN', quantity: 30, below: 0, fate: 'rejected' },
  { id: 'play-6', trader: 4, symbol: 'LT', quantity: 10, below: 0.02, fate: 'cancelled' },
] as const satisfies readonly { symbol: Share; [key: string]: unknown }[];

type Made = (typeof ORDERS)[number];

/** Today, by the clock as it is: sessions run, positions have a mark, and orders are at every stage. */
export async function beginToday(stage: Stage): Promise<void> {
  const { practice, closes, tell } = stage;
  await practice.rightClock();
  await tell('session start --all');
  await startAllSessions(practice.as('session start'));
  const lastOf = (share: Share) => closes[share].at(-1) ?? 0;
  await markAt(stage, lastOf);
  for (const order of ORDERS) await place(stage, order, inTicks(lastOf(order.symbol) * (1 - order.below)));
}

async function place({ practice, tell }: Stage, order: Made, price: number): Promise<void> {
  const { id, symbol, quantity, trader, fate } = order;
  const { user_id, strategy } = TRADERS[trader] as (typeof TRADERS)[number];
  const terms = `--symbol ${symbol} --side BUY --quantity ${quantity} --type LIMIT --price ${price}`;
  await tell(`order place --order-id ${id} --user ${user_id} --strategy ${strategy} ${terms}`);
  const { order_id } = await placeOrder(practice.as('order place'), {
    ...{ order_id: id as OrderId, user_id, strategy_id: strategy, symbol: symbol as string as TradingSymbol },
    ...{ side: 'BUY', order_type: 'LIMIT', quantity, price },
  });
  if (fate === 'accepted') {
    await tell(`order accept ${id} --broker-order-id 260000001`);
    await acceptOrder(practice.as('order accept'), order_id, '260000001');
  }
  if (fate === 'filled' || fate === 'partly filled') {
    const filled = fate === 'filled' ? quantity : Math.floor(quantity * 0.4);
    await tell(`order fill ${id} --quantity ${filled} --price ${price}`);
    await fillOrder(practice.as('order fill'), {
      ...{ order_id, broker_fill_id: undefined, quantity: filled, price },
      ...{ executed_at: undefined, allowOverfill: false },
    });
  }
  if (fate === 'rejected') {
    await tell(`order reject ${id} --reason "margin shortfall"`);
    await rejectOrder(practice.as('order reject'), order_id, 'margin shortfall');
  }
  if (fate === 'cancelled') {
    await tell(`order cancel ${id}`);
    await cancelOrder(practice.as('order cancel'), order_id);
  }
}
