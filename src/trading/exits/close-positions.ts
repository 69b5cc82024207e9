import { auditTarget, changedIf, firstListed, type Outcome } from '../../audit/outcome.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { mintId, type OrderId, type PositionId, type UserId } from '../../domain/id.ts';
import { NO_RUPEES, type Rupees } from '../../domain/money.ts';
import { signedShares } from '../../domain/net-positions.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { Failure } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import type { Asked } from '../broker/call-broker.ts';
import { configuredKind } from '../broker/halt-and-cancel.ts';
import { sendOrders } from '../broker/send-orders.ts';
import { bookFills, fillOfAll } from '../ledger/book-fills.ts';
import { insertOrders, type NewOrder, unfilled } from '../ledger/insert-orders.ts';
import { findOrders } from '../ledger/order-store.ts';
import { findPositions, type Position } from '../positions/store.ts';
import { ordersLeftToday } from '../risk/orders-left.ts';
import { type TradingDay, tradingDayOf } from '../trading-day.ts';
import { describeOpen, warnUnlessHalted } from './describe-open.ts';
import { exitPrices, givenPrices } from './exit-prices.ts';
import { lockOpen, type OpenPosition } from './lock-open.ts';

/** A position, and the order that closes it. */
type Closed = Position & {
  closing_order_id: OrderId | null;
  /** FILLED, or the status of an order that is still to be filled; null where there is none. */
  closing_status: string | null;
  credited: Rupees;
  /** Why nothing closes it. */
  problem: string | null;
};

/** Whose positions are to be closed, and at which prices, as `exitPrices` takes them. */
export interface CloseRequest {
  user: UserId | undefined;
  given: readonly string[];
  fromCache: boolean;
}

/** The positions of a user or of everyone, and what a share is worth in rupees; without prices, only orders are placed. */
interface Exits {
  user: UserId | undefined;
  prices: ReadonlyMap<TradingSymbol, number> | undefined;
}

/**
 * Closes every open position of a user, after a confirmation, in one transaction and a fixed number of statements: places the
 * opposite MARKET orders and, where prices are given and no broker is configured, books their fills. A position that cannot be
 * closed keeps no other from it: then the rows are a Finding. Throws USER_NOT_FOUND.
 */
export async function closeAllOf(ctx: Context, request: CloseRequest & { user: UserId }) {
  const question = await describeOpen(ctx, request.user);
  const given = await givenPrices(ctx, request.given);
  await ctx.confirm(question);
  return closeAndSay(ctx, { user: request.user, prices: await exitPrices(ctx, { ...request, given }) });
}

/** The same of a user or of everyone, once the name is typed; with `send` the orders go to the broker at once. */
export async function flatten(ctx: Context, { send, ...request }: CloseRequest & { send: boolean }) {
  const { user } = request;
  const question = await describeOpen(ctx, user);
  await warnUnlessHalted(ctx, user);
  const given = await givenPrices(ctx, request.given);
  await ctx.confirmByName(user ?? 'all', question);
  const prices = await exitPrices(ctx, { ...request, given });
  return send ? closeAndSend(ctx, { user, prices }) : closeAndSay(ctx, { user, prices });
}

async function closeAndSay(ctx: Context, exits: Exits) {
  const closed = await closeWithin(ctx, exits, withProblems);
  const rows = [closed instanceof Finding ? closed.data : closed].flat();
  const pending = rows.filter(({ closing_status }) => closing_status === 'PENDING').length;
  const whose = exits.user === undefined ? '--all' : `--user ${exits.user}`;
  if (pending > 0)
    await ctx.io.say(
      `${pluralize(pending, 'exit order waits', 'exit orders wait')} to be sent: pinnacle order send ${whose}`,
    );
  return closed;
}

async function closeAndSend(ctx: Context, exits: Exits) {
  const rows = await closeWithin(ctx, exits, (all) => all);
  const ids = rows.flatMap(({ closing_order_id, closing_status }) =>
    closing_status === 'PENDING' && closing_order_id !== null ? [closing_order_id] : [],
  );
  if (ctx.dryRun || ids.length === 0) return withProblems(rows);
  const asked = new Map((await sendAll(ctx, ids)).map((each) => [each.order.order_id, each]));
  return withProblems(
    rows.map((row) => {
      const sent = row.closing_order_id === null ? undefined : asked.get(row.closing_order_id);
      if (sent === undefined) return row;
      const problem = sent.outcome === 'accepted' ? null : `${sent.outcome}: ${sent.detail}`;
      return { ...row, closing_status: sent.order.status, problem };
    }),
  );
}

/** What became of each; also an only order keeps its row where it could not be sent. */
async function sendAll(ctx: Context, ids: readonly OrderId[]): Promise<Asked[]> {
  try {
    return await sendOrders(ctx, ids);
  } catch (error) {
    ctx.signal.throwIfAborted();
    const failure = await ctx.explain(error);
    if (ids.length > 1 || !(failure instanceof Failure)) throw error;
    const orders = await findOrders(await ctx.db(), ids);
    return orders.map((order) => ({ order, outcome: 'skipped', detail: failure.message }));
  }
}

const withProblems = (rows: readonly Closed[]) =>
  rows.some(({ problem }) => problem !== null) ? new Finding(rows) : rows;

async function closeWithin<T>(
  ctx: Context,
  { user, prices }: Exits,
  shown: (rows: readonly Closed[]) => T,
): Promise<T> {
  const books = prices !== undefined && (await configuredKind(ctx)) === undefined;
  const clock = await tradingDayOf(ctx);
  return ctx.change(async (trx): Promise<Outcome<T>> => {
    const open = await lockOpen(trx, user);
    const left = await ordersLeftToday(trx, [...new Set(open.map(({ user_id }) => user_id))], clock);
    const exits = open.map((position) => exitOf(position, { prices, books, left, clock }));
    const orders = exits.flatMap((exit) => ('order' in exit ? [exit.order] : []));
    await insertOrders(trx, orders.map(unfilled));
    const now = new Date(clock.now);
    const { fills } =
      books && orders.length > 0
        ? await bookFills(
            trx,
            orders.map((order) => fillOfAll(order, mintId('fil', now))),
          )
        : { fills: [] };
    const credited = new Map(fills.map(({ order_id, realized_pnl }) => [order_id, realized_pnl]));
    const after = await findPositions(
      trx.db,
      open.map(({ position_id }) => position_id),
    );
    const byId = new Map(after.map((position) => [position.position_id, position]));
    const rows = exits.flatMap((exit, i) => {
      const position = byId.get(open[i]?.position_id as PositionId);
      return position ? [{ ...position, ...resultOf(exit, credited) }] : [];
    });
    const target = user === undefined ? 'positions' : auditTarget('user', user);
    const body = {
      positions: orders.length,
      filled: fills.length,
      left: rows.filter(({ problem }) => problem !== null).length,
      order_ids: firstListed(orders.map(({ order_id }) => order_id)),
    };
    return changedIf(orders.length > 0, shown(rows), target, body);
  });
}

/** What an exit came to; `credited` has the rupees of each order that is filled. */
function resultOf(exit: Exit, credited: ReadonlyMap<OrderId, Rupees>): Omit<Closed, keyof Position> {
  if ('problem' in exit)
    return {
      closing_order_id: exit.by,
      closing_status: null,
      credited: NO_RUPEES,
      problem: exit.problem,
    };
  const closing_order_id = 'working' in exit ? exit.working : exit.order.order_id;
  const gain = credited.get(closing_order_id);
  const status = 'working' in exit ? exit.status : gain === undefined ? 'PENDING' : 'FILLED';
  return { closing_order_id, closing_status: status, credited: gain ?? NO_RUPEES, problem: null };
}

/** What is done about a position: an order, nothing as one is on its way, or why nothing can be. */
type Exit =
  | { order: NewOrder }
  | { working: OrderId; status: string | null }
  | { problem: string; by: OrderId | null };

interface Plan {
  prices: Exits['prices'];
  books: boolean;
  /** Orders that users may still place today; each exit takes one. */
  left: Map<UserId, number>;
  clock: TradingDay;
}

function exitOf(position: OpenPosition, { prices, books, left, clock }: Plan): Exit {
  const { user_id, strategy_id, symbol, product, closing } = position;
  // Another program may have written the shares of a short position with a sign.
  const held = signedShares(position);
  const because = (problem: string): Exit => ({ problem, by: null });
  if (held === 0) return because('it is open without shares: see pinnacle doctor ledger');
  if (position.is_opposed)
    return because(
      `a long and a short position are open in ${symbol}: run pinnacle ledger adopt --user ${user_id}`,
    );
  if (closing !== null) {
    const isCovered = position.closing_type === 'MARKET' && (position.closing_rest ?? 0) >= Math.abs(held);
    // Where prices are to be booked, an order that nobody fills closes nothing.
    if (isCovered && !books) return { working: closing, status: position.closing_state };
    return {
      problem: `order ${closing} is working on that side: run pinnacle order cancel ${closing}`,
      by: closing,
    };
  }
  const price = prices?.get(symbol);
  if (books && price === undefined)
    return because(`there is no price of ${symbol}: no fresh quote, and none given`);
  const allowed = left.get(user_id);
  if (allowed !== undefined && allowed < 1)
    return because('MAX_ORDERS_PER_DAY allows no further order today');
  if (allowed !== undefined) left.set(user_id, allowed - 1);
  return {
    order: {
      order_id: mintId('ord', new Date(clock.now)),
      user_id,
      strategy_id,
      symbol,
      product: product as NewOrder['product'],
      side: held > 0 ? 'SELL' : 'BUY',
      order_type: 'MARKET',
      quantity: Math.abs(held),
      price: price ?? position.current_price,
      created_at: clock.now,
    },
  };
}
