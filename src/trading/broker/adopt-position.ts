import { createHash } from 'node:crypto';
import { auditTarget, changed, type Outcome, unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { Product } from '../../domain/enums.ts';
import { mintId, type StrategyId, type UserId } from '../../domain/id.ts';
import { isPrice, toDouble } from '../../domain/money.ts';
import { adjustingPrice } from '../../domain/reconcile/adjusting-price.ts';
import { compareOrders } from '../../domain/reconcile/compare-orders.ts';
import { type NetPair, netPairs } from '../../domain/reconcile/compare-positions.ts';
import type { ComparisonClock, OurBook, OurPosition, TheirBooks } from '../../domain/reconcile/difference.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { refused, usage } from '../../util/failure.ts';
import { tradingDayOf } from '../trading-day.ts';
import { findUser, lockUser } from '../users/store.ts';
import { type AdoptedOrder, checkStrategy, insertAdoption, needBook } from './adopt.ts';
import { readBothBooks } from './compare-trader.ts';
import { checkMayBook } from './may-book.ts';
import { comparisonClock, readOurBook } from './our-book.ts';

export interface PositionAdoption {
  user: UserId;
  symbol: TradingSymbol;
  product: Product | undefined;
  strategy: StrategyId | undefined;
  /** Rupees per share; where it is left out, the price that makes the averages agree. */
  price: number | undefined;
  reason: string;
}

/**
 * Books one execution that makes a position agree with the broker, at the price that makes the averages agree as well; who,
 * why and at which price is in the audit log. A position that agrees, and a repetition of the same day and target, book
 * nothing. Throws POSITION_EXPLAINED (exit 5) while executions that are not booked explain the difference, and
 * BROKER_UNREACHABLE (exit 7) unless every book of the broker came.
 */
export async function adoptPosition(ctx: Context, request: PositionAdoption): Promise<AdoptedOrder> {
  const { user, symbol, strategy } = request;
  await checkMayBook(ctx);
  await findUser(await ctx.db(), user);
  await checkStrategy(ctx, strategy);
  const clock = comparisonClock(await tradingDayOf(ctx));
  const { ours, theirs } = await readBothBooks(ctx, user, 'positions', clock);
  for (const name of ['orders', 'trades', 'positions', 'holdings'] as const) needBook(theirs, name);
  const plan = planOf(ours, theirs, clock, request);
  if (plan)
    await ctx.confirm(
      `Book ${plan.side} ${plan.quantity} ${symbol} at ${plan.price} for ${user}, to agree with the broker?`,
    );
  return ctx.change(async (trx) => {
    await lockUser(trx, user);
    return bookPlan(
      trx,
      planOf(await readOurBook(trx, user, theirs, clock), theirs, clock, request),
      request,
      clock,
    );
  });
}

/** The execution that makes a position agree. */
interface Plan {
  side: 'BUY' | 'SELL';
  quantity: number;
  price: number;
  strategy_id: StrategyId | null;
  product: Product | null;
  broker_fill_id: string;
}

function planOf(
  ours: OurBook,
  theirs: TheirBooks,
  clock: ComparisonClock,
  { user, symbol, product, strategy, price: given }: PositionAdoption,
): Plan | undefined {
  refuseUnsure(ours, user, symbol);
  const { movements } = compareOrders(ours, theirs, clock);
  if (movements.has(symbol))
    throw refused(
      'POSITION_EXPLAINED',
      `Executions of ${symbol} are at the broker that are not booked here.`,
      `Book them first: pinnacle reconcile orders ${user} --apply ORDER_UNACKNOWLEDGED,FILL_MISSING`,
    );
  const pair = choosePair(netPairs(ours, theirs, movements) ?? [], symbol, product);
  if (!pair || pair.ours.quantity === pair.theirs.quantity) return undefined;
  const where = choosePosition(ours, pair, strategy);
  const change = pair.theirs.quantity - pair.ours.quantity;
  const computed = given ?? adjustingPrice(pair.ours, pair.theirs);
  const price = typeof computed === 'number' || computed === null ? computed : toDouble(computed);
  if (!isPrice(price))
    throw usage(
      `The books give no price for ${symbol}: ${priceText(pair.ours.average_price)} here, ${priceText(pair.theirs.average_price)} at the broker.`,
      'Give it with --price.',
    );
  const target = [user, symbol, where.product ?? '', clock.dateOf(clock.now), String(pair.theirs.quantity)];
  return {
    side: change > 0 ? 'BUY' : 'SELL',
    quantity: Math.abs(change),
    price,
    ...where,
    broker_fill_id: `adj_${createHash('sha256').update(JSON.stringify(target)).digest('hex').slice(0, 32)}`,
  };
}

const priceText = (price: number | null) => (price === null ? 'none' : String(price));

/** Throws POSITION_EXPLAINED while nobody knows what became of an order in the symbol. */
function refuseUnsure({ orders }: OurBook, user: UserId, symbol: TradingSymbol): void {
  const unsure = orders.find(
    (order) => order.symbol === symbol && order.status === 'PENDING' && order.sent?.isOpen,
  );
  if (unsure)
    throw refused(
      'POSITION_EXPLAINED',
      `Nobody knows yet what became of order ${unsure.order_id} in ${symbol}, which may explain the position.`,
      `Run: pinnacle reconcile orders ${user}`,
    );
}

function choosePair(
  pairs: readonly NetPair[],
  symbol: TradingSymbol,
  product: Product | undefined,
): NetPair | undefined {
  const wanted = pairs.filter(
    (pair) =>
      pair.symbol === symbol && (product === undefined || pair.product === null || pair.product === product),
  );
  const open = wanted.filter(({ ours, theirs }) => ours.quantity !== theirs.quantity);
  if (open.length > 1)
    throw usage(
      `${symbol} differs in several products: ${open.map((pair) => pair.product).join(', ')}.`,
      'Give one of them with --product.',
    );
  return open[0];
}

/** Which position of ours the execution belongs to. Throws a usage error if it may be several. */
function choosePosition(
  { positions }: OurBook,
  { symbol, product }: NetPair,
  strategy: StrategyId | undefined,
): Pick<Plan, 'strategy_id' | 'product'> {
  const isOf = (position: OurPosition) =>
    position.symbol === symbol &&
    (product === null || (position.product === 'MTF' ? 'CNC' : position.product) === product) &&
    (strategy === undefined || position.strategy_id === strategy);
  const [only, ...more] = positions.filter(isOf);
  if (more.length > 0)
    throw usage(
      `Several positions of ${symbol} are open here: ${[only, ...more].map((each) => each?.strategy_id ?? 'without a strategy').join(', ')}.`,
      'Give the strategy that it belongs to with --strategy.',
    );
  return only
    ? { strategy_id: only.strategy_id, product: only.product }
    : { strategy_id: strategy ?? null, product };
}

async function bookPlan(
  trx: Trx,
  plan: Plan | undefined,
  { user, symbol, product, strategy, reason }: PositionAdoption,
  clock: ComparisonClock,
): Promise<Outcome<AdoptedOrder>> {
  const row: AdoptedOrder = {
    user_id: user,
    order_id: null,
    broker_order_id: null,
    origin: 'adjust',
    strategy_id: plan?.strategy_id ?? strategy ?? null,
    symbol,
    product: plan?.product ?? product ?? null,
    side: plan?.side ?? null,
    quantity: 0,
    price: null,
    status: null,
    reason,
  };
  if (!plan) return unchanged(row);
  const known = await trx.db
    .selectFrom('order_fills as f')
    .innerJoin('orders as o', 'o.order_id', 'f.order_id')
    .select('f.order_id')
    .where('f.broker_fill_id', '=', plan.broker_fill_id)
    .where('o.user_id', '=', user)
    .executeTakeFirst();
  if (known) return unchanged({ ...row, order_id: known.order_id });
  const order = await insertAdoption(
    trx,
    {
      order: {
        order_id: mintId('ord', new Date(clock.now)),
        user_id: user,
        strategy_id: plan.strategy_id,
        symbol,
        product: plan.product,
        side: plan.side,
        order_type: 'MARKET',
        quantity: plan.quantity,
        price: plan.price,
        created_at: clock.now,
      },
      origin: 'adjust',
      broker_order_id: '',
      exchange: null,
      trigger_price: null,
      fills: [
        {
          broker_fill_id: plan.broker_fill_id,
          quantity: plan.quantity,
          price: plan.price,
          executed_at: clock.now,
        },
      ],
      status: 'FILLED',
    },
    clock.now,
  );
  const { order_id, status } = order;
  const adopted = { ...row, order_id, quantity: plan.quantity, price: plan.price, status };
  return changed(adopted, auditTarget('order', order_id), { adopted, order, fill: plan });
}
