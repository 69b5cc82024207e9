import { auditTarget, changed } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import { mintId, type StrategyId, type UserId } from '../../domain/id.ts';
import { type Instant, isBefore } from '../../domain/instant.ts';
import type { ComparisonClock } from '../../domain/reconcile/difference.ts';
import { type ExternalOrder, matchOrders } from '../../domain/reconcile/match-orders.ts';
import { notFound, refused } from '../../util/failure.ts';
import { tradingDayOf } from '../trading-day.ts';
import { findUser, lockUser } from '../users/store.ts';
import { type AdoptedOrder, type Adoption, checkStrategy, insertAdoption, needBook } from './adopt.ts';
import { readBothBooks } from './compare-trader.ts';
import { checkMayBook } from './may-book.ts';
import { comparisonClock, readOurBook } from './our-book.ts';

export interface OrderAdoption {
  user: UserId;
  broker_order_id: string;
  strategy: StrategyId | undefined;
  reason: string;
}

/**
 * Takes an order over that the broker has and nobody placed here, with its executions; who and why is in the audit log.
 * Throws BROKER_ORDER_NOT_FOUND, ORDER_EXISTS for an order that is here, and BROKER_UNREACHABLE.
 */
export async function adoptOrder(ctx: Context, request: OrderAdoption): Promise<AdoptedOrder> {
  const { user, broker_order_id, strategy, reason } = request;
  await checkMayBook(ctx);
  await findUser(await ctx.db(), user);
  await checkStrategy(ctx, strategy);
  const clock = comparisonClock(await tradingDayOf(ctx));
  const { theirs } = await readBothBooks(ctx, user, 'orders', clock);
  needBook(theirs, 'orders');
  needBook(theirs, 'trades');
  await ctx.confirm(`Take over order ${broker_order_id} of the broker for ${user}?`);
  return ctx.change(async (trx) => {
    await lockUser(trx, user);
    const { orders } = await readOurBook(trx, user, theirs, clock);
    const { external, matched } = matchOrders(orders, theirs);
    const found = external.find((each) => each.broker_order_id === broker_order_id);
    if (!found) {
      const known = matched.find(
        ({ ours, theirs: their }) =>
          ours.broker_order_id === broker_order_id || their?.broker_order_id === broker_order_id,
      );
      throw known
        ? refused(
            'ORDER_EXISTS',
            `Order ${broker_order_id} of the broker is order ${known.ours.order_id} here.`,
            `See: pinnacle reconcile orders ${user}`,
          )
        : notFound('broker order', broker_order_id, `See: pinnacle reconcile orders ${user}`);
    }
    const adoption = adoptionOf(found, { user, strategy_id: strategy ?? null, clock });
    const order = await insertAdoption(trx, adoption, clock.now);
    const row: AdoptedOrder = {
      user_id: user,
      order_id: order.order_id,
      broker_order_id,
      origin: 'external',
      strategy_id: order.strategy_id,
      symbol: order.symbol,
      product: order.product,
      side: order.side,
      quantity: order.filled_quantity,
      price: order.filled_quantity > 0 ? order.filled_price : null,
      status: order.status,
      reason,
    };
    return changed(row, auditTarget('order', order.order_id), { adopted: row, order, fills: adoption.fills });
  });
}

function adoptionOf(
  { broker_order_id, order, trades }: ExternalOrder,
  { user, strategy_id, clock }: { user: UserId; strategy_id: StrategyId | null; clock: ComparisonClock },
): Adoption {
  const [first] = trades;
  const terms = order ?? first;
  if (!terms) throw new Error('an external order is in one of the books');
  const filled = trades.reduce((sum, trade) => sum + trade.quantity, 0);
  const fills = trades
    .map(({ broker_fill_id, quantity, price, executed_at }) => ({
      broker_fill_id,
      quantity,
      price,
      executed_at: earlier(executed_at, clock.now),
    }))
    .sort((a, b) => (isBefore(a.executed_at, b.executed_at) ? -1 : 1));
  const created_at = [order?.updated_at ?? clock.now, ...fills.map(({ executed_at }) => executed_at)].reduce(
    earlier,
    clock.now,
  );
  return {
    order: {
      order_id: mintId('ord', new Date(created_at)),
      user_id: user,
      strategy_id,
      symbol: terms.symbol,
      product: terms.product,
      side: terms.side,
      order_type: order?.order_type ?? 'MARKET',
      quantity: order?.quantity ?? filled,
      price: order && order.price > 0 ? order.price : (first?.price ?? 0),
      created_at,
    },
    origin: 'external',
    broker_order_id,
    exchange: terms.exchange || null,
    trigger_price: order?.trigger_price ?? null,
    fills,
    status: order?.status ?? 'PLACED',
  };
}

const earlier = (a: Instant, b: Instant): Instant => (isBefore(a, b) ? a : b);
