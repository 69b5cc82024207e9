import { sql } from 'kysely';
import type { Context } from '../../../context.ts';
import type {
  Broker,
  BrokerAnswer,
  BrokerOrder,
  BrokerTrade,
  OrderTerms,
  PlacedOrder,
} from '../../../domain/broker.ts';
import { mintId, type UserId } from '../../../domain/id.ts';
import type { Instant } from '../../../domain/instant.ts';
import { accountOf } from '../../../domain/paper-account.ts';
import { needStep, PAPER_SINCE_STEP, type Source } from '../../../platform/postgres/schema-phase.ts';
import { tradingDayOf } from '../../trading-day.ts';
import { findUser } from '../../users/store.ts';
import { IS_WORKING } from './working.ts';

/** The order and trade book go back so many days before today, so that a weekend loses nothing. */
const BOOK_DAYS = 7;

/**
 * The paper broker for a trader: it takes orders at once, and `broker paper run` matches them with quotes. Throws
 * PHASE_NEEDED, USER_NOT_FOUND.
 */
export async function paperBroker(
  ctx: Pick<Context, 'source' | 'config' | 'now'>,
  user: UserId,
): Promise<Broker> {
  const source = await ctx.source();
  needStep(source, PAPER_SINCE_STEP);
  const { total_capital } = await findUser(source.db, user);
  const day = async () => (await tradingDayOf(ctx)).dayStart;
  const account = async () => accountOf(await readTrades(source, user, undefined), await day());
  return {
    kind: 'paper',
    orders: async () => readOrders(source, user, await day()),
    trades: async () => readTrades(source, user, await day()),
    positions: async () => (await account()).positions,
    holdings: async () => (await account()).holdings,
    funds: async () => ({
      net: total_capital,
      available_cash: total_capital,
      collateral: null,
      utilised: null,
    }),
    ready: async () => {},
    place: (terms) => place(source, user, terms, ctx.now()),
    modify: async (order) => modify(source, user, order, await day()),
    cancel: async (order) => cancel(source, user, order, await day()),
  };
}

/** An order that ended with its day reads as cancelled, also before a run writes that it is. */
async function readOrders({ db }: Source, user: UserId, dayStart: Instant): Promise<BrokerOrder[]> {
  const { rows } = await sql<Omit<BrokerOrder, 'variety' | 'status_text'>>`
    SELECT broker_order_id, tag, symbol, exchange, side, order_type, product, quantity, price, trigger_price,
      filled_quantity, filled_price AS average_price, updated_at,
      CASE WHEN ended THEN 'CANCELLED' ELSE status END AS status, CASE WHEN ended THEN ${DAY_ENDED} ELSE text END AS text
    FROM paper_orders, LATERAL (SELECT ${IS_WORKING} AND placed_at < ${dayStart}::timestamp AS ended) AS e
    WHERE user_id = ${user} AND placed_at >= ${dayStart}::timestamp - make_interval(days => ${BOOK_DAYS})
    ORDER BY placed_at, broker_order_id`.execute(db);
  return rows.map((row) => ({
    ...row,
    variety: 'NORMAL',
    status_text: String(row.status).toLowerCase().replace('_', ' '),
  }));
}

/** What an order says that ended with its day. */
export const DAY_ENDED = 'the trading day ended';

/** The executions of a trader, oldest first; with the start of a day, those of the book. */
async function readTrades(
  { db }: Source,
  user: UserId,
  dayStart: Instant | undefined,
): Promise<BrokerTrade[]> {
  const since =
    dayStart === undefined
      ? sql``
      : sql`AND t.executed_at >= ${dayStart}::timestamp - make_interval(days => ${BOOK_DAYS})`;
  const { rows } = await sql<BrokerTrade>`
    SELECT t.broker_order_id, t.broker_fill_id, o.symbol, o.exchange, o.side, o.product, t.quantity, t.price, t.executed_at
    FROM paper_trades t JOIN paper_orders o ON o.user_id = t.user_id AND o.broker_order_id = t.broker_order_id
    WHERE t.user_id = ${user} ${since}
    ORDER BY t.executed_at, t.broker_fill_id`.execute(db);
  return rows;
}

/** Why terms cannot be traded, for people; undefined if they can. */
function faultOf({
  order_type,
  quantity,
  price,
  trigger_price,
}: Pick<OrderTerms, 'order_type' | 'quantity' | 'price' | 'trigger_price'>): string | undefined {
  if (!Number.isInteger(quantity) || quantity < 1) return 'the quantity must be 1 or more';
  if (!(price >= 0)) return 'the price must not be negative';
  if (order_type === 'LIMIT' && price === 0) return 'a LIMIT order needs a price';
  if (order_type === 'STOP_LOSS' && !((trigger_price ?? 0) > 0))
    return 'a STOP_LOSS order needs a trigger price';
  return undefined;
}

async function place({ db }: Source, user_id: UserId, terms: OrderTerms, now: Date): Promise<BrokerAnswer> {
  const fault = faultOf(terms) ?? (terms.tag === '' ? 'an order needs a tag' : undefined);
  if (fault !== undefined) return refusal(fault);
  const { tag, symbol, exchange, side, order_type, product, quantity, price, trigger_price } = terms;
  const row = { tag, symbol, exchange, side, order_type, product, quantity, price, trigger_price };
  const placed = await db
    .insertInto('paper_orders')
    .values({ broker_order_id: mintId('ppr', now), user_id, ...row, quoted_at: null })
    .onConflict((conflict) => conflict.columns(['user_id', 'tag']).doNothing())
    .returning('broker_order_id')
    .executeTakeFirst();
  return placed ? accepted(placed.broker_order_id) : refusal(`there is an order with the tag ${tag} already`);
}

async function modify(
  { db }: Source,
  user: UserId,
  order: PlacedOrder,
  dayStart: Instant,
): Promise<BrokerAnswer> {
  const fault = faultOf(order);
  if (fault !== undefined) return refusal(fault);
  const { broker_order_id, order_type, quantity, price, trigger_price } = order;
  const { rows } = await sql`
    UPDATE paper_orders
    SET order_type = ${order_type}, quantity = ${quantity}, price = ${price}, trigger_price = ${trigger_price},
      accepted_at = clock_timestamp(), updated_at = clock_timestamp(), quoted_at = NULL
    WHERE broker_order_id = ${broker_order_id} AND user_id = ${user} AND ${IS_WORKING}
      AND placed_at >= ${dayStart}::timestamp AND filled_quantity < ${quantity}
    RETURNING broker_order_id`.execute(db);
  return rows.length > 0 ? accepted(broker_order_id) : whyNot(db, user, broker_order_id, dayStart);
}

async function cancel(
  { db }: Source,
  user: UserId,
  order: PlacedOrder,
  dayStart: Instant,
): Promise<BrokerAnswer> {
  const { broker_order_id } = order;
  const { rows } = await sql`
    UPDATE paper_orders SET status = 'CANCELLED', updated_at = clock_timestamp()
    WHERE broker_order_id = ${broker_order_id} AND user_id = ${user} AND ${IS_WORKING}
      AND placed_at >= ${dayStart}::timestamp
    RETURNING broker_order_id`.execute(db);
  return rows.length > 0 ? accepted(broker_order_id) : whyNot(db, user, broker_order_id, dayStart);
}

/** Why an order cannot be changed any more. */
async function whyNot(
  db: Source['db'],
  user: UserId,
  broker_order_id: string,
  dayStart: Instant,
): Promise<BrokerAnswer> {
  const { rows } = await sql<{ status: string; filled_quantity: number; working: boolean }>`
    SELECT status, filled_quantity, ${IS_WORKING} AND placed_at >= ${dayStart}::timestamp AS working FROM paper_orders
    WHERE broker_order_id = ${broker_order_id} AND user_id = ${user}`.execute(db);
  const [found] = rows;
  if (!found) return refusal(`there is no order ${broker_order_id}`);
  const { status, filled_quantity, working } = found;
  return working
    ? refusal(`${filled_quantity} are filled already`)
    : refusal(`the order is ${endOf(status)}`);
}

const endOf = (status: string) => (status === 'FILLED' ? 'filled' : 'cancelled');

const accepted = (broker_order_id: string): BrokerAnswer => ({
  outcome: 'accepted',
  broker_order_id,
  http_status: null,
  answer: JSON.stringify({ broker_order_id }),
});

const refusal = (reason: string): BrokerAnswer => ({
  outcome: 'refused',
  reason,
  http_status: null,
  answer: JSON.stringify({ reason }),
});
