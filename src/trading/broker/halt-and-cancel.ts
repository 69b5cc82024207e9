import { type RawBuilder, sql } from 'kysely';
import type { Context } from '../../context.ts';
import type { BrokerKind } from '../../domain/broker.ts';
import type { OrderId, UserId } from '../../domain/id.ts';
import { isDatabaseFailure } from '../../platform/postgres/errors.ts';
import { Failure } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { isAtBroker } from '../ledger/at-broker.ts';
import { IS_WORKING } from '../ledger/cancel-orders.ts';
import { findOrders } from '../ledger/order-store.ts';
import { describeHalt, type HaltedOrders, haltTrading, haltUnfinished } from '../risk/halt-trading.ts';
import { type Scope, scopeOf } from '../risk/scope.ts';
import type { Asked } from './call-broker.ts';
import { eachOf } from './each-of.ts';
import { brokerKind } from './open-broker.ts';
import { requestCancels } from './request-cancels.ts';
import { syncTraders } from './sync-traders.ts';

/** An order that works at the broker still, or may. */
export interface LeftWorking {
  order_id: OrderId;
  user_id: UserId;
  /** '' where no answer to its placement came. */
  broker_order_id: string;
  status: string;
  why: string;
}

/** How often the books of a trader are read for the cancels to show: an exchange takes a moment. */
const LOOKS = 3;

/** The kill switch for one user or everyone, after a confirmation; see `haltNow`. Throws USER_NOT_FOUND. */
export async function haltAndCancel(
  ctx: Context,
  { user, all, reason }: { user: UserId | undefined; all: boolean; reason: string },
) {
  const scope = scopeOf(user, all);
  const orders = await ordersToHalt(ctx, sql<boolean>`false`);
  await ctx.io.say(await describeHalt(ctx, scope, orders));
  await ctx.confirm(`Halt trading for ${scope.name}?`);
  return haltNow(ctx, scope, { reason, ...orders });
}

/** The orders that a halt cancels, but for those that SQL about `orders` spares. */
export async function ordersToHalt(ctx: Context, isSpared: RawBuilder<boolean>): Promise<HaltedOrders> {
  return { isAtBroker: isAtBroker(await configuredKind(ctx), await ctx.source()), isSpared };
}

/**
 * Halts within the book, which needs no broker, then asks the broker to cancel the orders that it has and syncs their
 * traders. None of them is CANCELLED here before the broker says so. Returns what is left working there, and whether the broker
 * of some trader did not answer; another run goes on with them.
 */
export async function haltNow(ctx: Context, scope: Scope, halting: HaltedOrders & { reason: string }) {
  const { left: atBroker, ...result } = await haltTrading(ctx, scope, halting);
  if (atBroker.length === 0) return { ...result, left: [], unreachable: false };
  if (ctx.dryRun) {
    await ctx.io.say(`${pluralize(atBroker.length, 'order')} would be cancelled at the broker.`);
    return { ...result, left: [], unreachable: false };
  }
  const users = [...new Set(atBroker.map(({ user_id }) => user_id))];
  await ctx.io.say(
    `Trading is halted. Cancelling ${pluralize(atBroker.length, 'order')} of ${pluralize(users.length, 'trader')} at the broker.`,
  );
  const ends = await eachOf(ctx, users, (user) =>
    cancelThere(
      continuing(ctx),
      user,
      atBroker.flatMap(({ user_id, order_id }) => (user_id === user ? [order_id] : [])),
    ),
  ).catch(async (error) => {
    ctx.signal.throwIfAborted();
    if (!isDatabaseFailure(error) && !(error instanceof Failure)) throw error;
    throw haltUnfinished(scope.name, 'orders at the broker may work still', await ctx.explain(error));
  });
  return {
    ...result,
    orders_cancelled: ends.reduce((sum, { cancelled }) => sum + cancelled, result.orders_cancelled),
    left: ends.flatMap(({ left }) => left),
    unreachable: ends.some(({ unreachable }) => unreachable),
  };
}

/** The kind of broker that is configured; undefined without one. */
export async function configuredKind(ctx: Context): Promise<BrokerKind | undefined> {
  try {
    return await brokerKind(ctx);
  } catch (error) {
    // Who keeps the book alone has nothing at a broker.
    if (error instanceof Failure && error.code === 'NO_BROKER') return undefined;
    throw error;
  }
}

/** The same context, none of whose changes is the result of the command. */
export const continuing = (ctx: Context): Context => ({
  ...ctx,
  change: (work) => ctx.change(async (trx) => ({ ...(await work(trx)), unfinished: true })),
});

interface End {
  left: LeftWorking[];
  cancelled: number;
  /** Whether books of the broker did not come. */
  unreachable: boolean;
}

/** Cancels orders of one trader at the broker, and looks what became of them. */
export async function cancelThere(ctx: Context, user: UserId, ids: readonly OrderId[]): Promise<End> {
  const why = new Map<OrderId, string>();
  const accepted = new Set<OrderId>();
  let working = await findLeft(ctx, ids);
  let problem = '';
  for (let look = 0; look < LOOKS && working.length > 0 && problem === ''; look++) {
    // To ask again is safe: an order is not cancelled twice.
    const open = working.flatMap(({ order_id }) => (accepted.has(order_id) ? [] : [order_id]));
    for (const { order, outcome, detail } of await askToCancel(ctx, open)) {
      why.set(order.order_id, WHY[outcome](detail));
      if (outcome === 'accepted') accepted.add(order.order_id);
    }
    // What was found by its tag is asked for in the next round.
    problem = await syncProblem(ctx, user);
    working = await findLeft(ctx, ids);
  }
  return {
    left: working.map((order) => ({
      ...order,
      why: [why.get(order.order_id) ?? '', problem].filter((text) => text !== '').join('; '),
    })),
    cancelled: await countCancelled(ctx, ids),
    unreachable: problem !== '',
  };
}

/** Why an order works still that the broker was asked to cancel. */
const WHY: Readonly<Record<Asked['outcome'], (detail: string) => string>> = {
  accepted: () => 'the broker took the cancel, and does not show it as cancelled yet',
  refused: (detail) => `the broker refused the cancel: ${detail}`,
  unknown: (detail) => `no answer to the cancel came: ${detail}`,
  unsent: (detail) => `the cancel was not sent: ${detail}`,
  skipped: (detail) => detail,
};

/** Asks for all; what fails for an order, or for the trader, is why they are skipped. */
async function askToCancel(ctx: Context, ids: readonly OrderId[]): Promise<Asked[]> {
  if (ids.length === 0) return [];
  try {
    return await requestCancels(ctx, ids);
  } catch (error) {
    const { message } = await explained(ctx, error);
    const orders = await findOrders(await ctx.db(), ids);
    return orders.map((order) => ({ order, outcome: 'skipped', detail: message }));
  }
}

/** Brings the books of the broker; '' or why they did not come. */
async function syncProblem(ctx: Context, user: UserId): Promise<string> {
  try {
    const rows = await syncTraders(ctx, user);
    return rows.map(({ problem }) => problem).join('');
  } catch (error) {
    return (await explained(ctx, error)).message;
  }
}

/** The failure in the words of the operator: whatever it is, trading is halted. Throws what is a defect, or an interrupt. */
async function explained(ctx: Context, error: unknown): Promise<Failure> {
  ctx.signal.throwIfAborted();
  const known = await ctx.explain(error);
  if (!(known instanceof Failure)) throw error;
  return known;
}

async function findLeft(ctx: Context, ids: readonly OrderId[]): Promise<Omit<LeftWorking, 'why'>[]> {
  const { rows } = await sql<Omit<LeftWorking, 'why'>>`
    SELECT order_id, user_id, broker_order_id, status FROM orders
    WHERE order_id = ANY(${ids}) AND ${IS_WORKING} ORDER BY order_id`.execute(await ctx.db());
  return rows;
}

async function countCancelled(ctx: Context, ids: readonly OrderId[]): Promise<number> {
  const { rows } = await sql<{ cancelled: number }>`
    SELECT count(*)::int AS cancelled FROM orders
    WHERE order_id = ANY(${ids}) AND status = 'CANCELLED'`.execute(await ctx.db());
  return rows[0]?.cancelled ?? 0;
}
