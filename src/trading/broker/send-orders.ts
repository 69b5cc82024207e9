import { type Kysely, sql } from 'kysely';
import { type Outcome, unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import { type Broker, type BrokerAnswer, endedUnfilled, type OrderTerms } from '../../domain/broker.ts';
import type { Product } from '../../domain/enums.ts';
import type { OrderId, UserId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { rejectNotice } from '../../domain/notices.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { refused } from '../../util/failure.ts';
import { findInstruments } from '../instruments/find-instrument.ts';
import { changeOrder, findOrder, findOrders, type Order } from '../ledger/order-store.ts';
import { insertNotifications } from '../notifications/notify.ts';
import { preTradeInputs } from '../orders/pre-trade-inputs.ts';
import { checkPreTrade } from '../risk/pre-trade.ts';
import { type Asked, callBroker } from './call-broker.ts';
import { forEachTrader } from './for-each-trader.ts';
import { attemptsOf, tagsOf, unresolved } from './journal.ts';
import { orderTag } from './order-tag.ts';
import { type OrderBook, orderBooks } from './working-orders.ts';

/** The orders that wait to be sent, of a trader or of everybody, the oldest first. */
export async function findUnsent(db: Kysely<Database>, user: UserId | undefined): Promise<OrderId[]> {
  const { rows } = await sql<{ order_id: OrderId }>`
    SELECT o.order_id FROM orders o
    WHERE o.status = 'PENDING' ${user === undefined ? sql`` : sql`AND o.user_id = ${user}`}
      AND NOT EXISTS (SELECT FROM broker_calls c WHERE c.order_id = o.order_id AND c.resolved_at IS NULL)
    ORDER BY o.order_id`.execute(db);
  return rows.map(({ order_id }) => order_id);
}

/**
 * Hands orders to the broker, those of a trader one after the other. A definite refusal is REJECTED, an acceptance PLACED;
 * where no answer came, the order stays PENDING and is never sent again by itself. Throws what an only order meets.
 */
export async function sendOrders(ctx: Context, ids: readonly OrderId[]): Promise<Asked[]> {
  const db = await ctx.db();
  const [only] = ids;
  const orders = ids.length === 1 && only ? [await findOrder(db, only)] : await findOrders(db, ids);
  const bookOf = orderBooks();
  return forEachTrader(ctx, orders, {
    each: async (broker, order) => {
      if ((await attemptsOf(db, order.order_id)).attempts > 0)
        await refuseTwin(db, order, await bookOf(broker));
      return sendOrder(ctx, broker, order);
    },
    failed: (order, failure) => ({ order, outcome: 'skipped', detail: failure.message }),
  });
}

/** Refuses an order that the broker has from an attempt before: what is rejected there, or was cancelled without shares, is over. */
async function refuseTwin(
  db: Kysely<Database>,
  { order_id, user_id }: Order,
  book: OrderBook,
): Promise<void> {
  const tags = new Set(await tagsOf(db, order_id));
  const twin = [...book.values()].find((theirs) => tags.has(theirs.tag) && !endedUnfilled(theirs));
  if (twin)
    throw refused(
      'CALL_UNRESOLVED',
      `The broker has order ${order_id} already, as ${twin.broker_order_id}, from an attempt before.`,
      `Nothing is sent twice. Run: pinnacle broker sync ${user_id}`,
    );
}

async function sendOrder(ctx: Context, broker: Broker, order: Order): Promise<Asked> {
  const { order_id } = order;
  // Before the transaction: within it, this would need a second connection, which the embedded database does not have.
  const { clock, quote } = await preTradeInputs(ctx, order);
  return callBroker<OrderTerms>(ctx, broker, {
    order_id,
    verb: 'place',
    prepare: async (trx, before) => {
      const { attempts, open } = await attemptsOf(trx.db, order_id);
      if (open > 0) throw unresolved(order_id, before.user_id);
      if (before.status !== 'PENDING')
        throw refused(
          'ORDER_STATE',
          `Order ${order_id} is ${before.status}; sending it needs PENDING.`,
          `See: pinnacle order show ${order_id}`,
        );
      if (before.broker_order_id !== '' || before.filled_quantity > 0)
        throw refused(
          'ORDER_STATE',
          `Order ${order_id} is PENDING, but ${
            before.broker_order_id === ''
              ? 'shares of it are filled'
              : `the broker has it as ${before.broker_order_id}`
          }.`,
          `Nothing is sent twice. Run: pinnacle broker sync ${before.user_id}`,
        );
      await checkPreTrade(trx, before, clock, { quote, replacing: order_id });
      const terms = { ...(await termsOf(ctx, trx, before)), tag: orderTag(order_id, attempts + 1) };
      await trx.db
        .updateTable('orders')
        .set({ order_tag: terms.tag })
        .where('order_id', '=', order_id)
        .execute();
      return terms;
    },
    call: broker.place,
    settle: (trx, before, answer) => settlePlacement(ctx, trx, before, answer),
  });
}

/** The terms of an order, with the product and the exchange of the configuration where it names none. */
async function termsOf(ctx: Context, trx: Trx, order: Order): Promise<Omit<OrderTerms, 'tag'>> {
  const { broker } = await ctx.config();
  const said = await trx.db
    .selectFrom('orders')
    .select(['product', 'exchange', 'trigger_price'])
    .where('order_id', '=', order.order_id)
    .executeTakeFirstOrThrow();
  const [instrument] = await findInstruments(trx, [
    { symbol: order.symbol, exchange: said.exchange ?? broker.exchange },
  ]);
  if (!instrument) throw new Error('an instrument is found for each symbol that is asked for');
  const { side, order_type, quantity, price } = order;
  // A stop without a trigger of its own has it in its price, and becomes a MARKET order there.
  const isStop = order_type === 'STOP_LOSS';
  return {
    ...instrument,
    side,
    order_type,
    product: said.product ?? (broker.product as Product),
    quantity,
    price: order_type === 'MARKET' || (isStop && said.trigger_price === null) ? 0 : price,
    trigger_price: isStop ? (said.trigger_price ?? price) : null,
  };
}

async function settlePlacement(
  ctx: Context,
  trx: Trx,
  before: Order,
  answer: BrokerAnswer,
): Promise<Outcome<Order> | undefined> {
  const updated_at = instant(ctx.now());
  const isPending = before.status === 'PENDING';
  switch (answer.outcome) {
    case 'accepted': {
      const { broker_order_id } = answer;
      if (before.broker_order_id === broker_order_id && !isPending) return unchanged(before);
      // Somebody may have cancelled it here meanwhile: at the broker it is all the same.
      return changeOrder(trx, before, {
        broker_order_id,
        ...(isPending && ({ status: 'PLACED', error_message: '' } as const)),
        updated_at,
      });
    }
    case 'refused':
      if (!isPending) return undefined;
      await insertNotifications(trx, updated_at, [rejectNotice(before, answer.reason)]);
      return changeOrder(trx, before, { status: 'REJECTED', error_message: answer.reason, updated_at });
    case 'unknown':
      if (!isPending) return undefined;
      return changeOrder(trx, before, {
        error_message: `Sent at ${updated_at}; nobody knows whether the broker has it: ${answer.reason}`,
        updated_at,
      });
    case 'unsent':
      return undefined;
  }
}
