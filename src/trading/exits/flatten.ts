import { sql } from 'kysely';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import type { OrderSide, OrderStatus } from '../../domain/enums.ts';
import type { StrategyId, UserId } from '../../domain/id.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { isDatabaseFailure } from '../../platform/postgres/errors.ts';
import { Failure } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { continuing, haltNow, type LeftWorking, ordersToHalt } from '../broker/halt-and-cancel.ts';
import { brokerKind } from '../broker/open-broker.ts';
import { findOrders } from '../ledger/order-store.ts';
import { describeHalt, haltUnfinished } from '../risk/halt-trading.ts';
import { scopeOf } from '../risk/scope.ts';
import { type Closed, type CloseRequest, closeAndSay, closeAndSend, type Exits } from './close-positions.ts';
import { describeOpen, warnOfEntries } from './describe-open.ts';
import { booksFills, exitPrices, givenPrices } from './exit-prices.ts';
import { isExit } from './lock-open.ts';

interface FlattenRequest extends CloseRequest {
  /** Why trading is halted. */
  reason: string;
  /** Whether trading goes on: only what is open is closed. */
  positionsOnly: boolean;
  /** Whether the orders go to the broker at once. */
  send: boolean;
}

/** An order that the broker did not cancel, among the positions that were closed. */
interface LeftOrder {
  position_id: null;
  user_id: UserId;
  strategy_id: StrategyId | null;
  symbol: TradingSymbol;
  side: OrderSide;
  /** Shares that it may still fill. */
  quantity: number;
  unrealized_pnl: null;
  status: OrderStatus;
  closing_order_id: null;
  closing_status: null;
  credited: null;
  problem: string;
}

/**
 * Makes a user, or everyone, flat once the name is typed: halts trading, cancels the working orders, at the broker too, and
 * pauses strategies, then closes every open position. Exits of an earlier run go on working. Returns the positions and the orders
 * that are left at the broker, a Finding where something is left. Each stage is committed, and another run goes on with what is
 * left. Throws USER_NOT_FOUND, NO_BROKER, and HALT_UNFINISHED (exit 10) where only the halt was reached.
 */
export async function flatten(ctx: Context, request: FlattenRequest) {
  const { user, reason, positionsOnly, send } = request;
  const scope = scopeOf(user, user === undefined);
  const closing = await describeOpen(ctx, user);
  const given = await givenPrices(ctx, request.given);
  // What is wrong with Redis or the broker is said before anything is done.
  if (send) await brokerKind(ctx);
  const asked = await exitPrices(ctx, { ...request, given });
  const close = async (afterHalt: boolean) => {
    const exits: Exits = { user, prices: await exitPrices(ctx, { ...request, given }), afterHalt };
    return send ? closeAndSend(ctx, exits) : closeAndSay(ctx, exits);
  };
  if (positionsOnly) {
    await warnOfEntries(ctx, user);
    await ctx.confirmByName(user ?? 'all', closing);
    return close(false);
  }
  // Where prices are booked, an exit that nobody fills is in the way.
  const books = await booksFills(ctx, asked);
  const orders = await ordersToHalt(ctx, books ? sql<boolean>`false` : isExit(await ctx.source(), user));
  await ctx.confirmByName(user ?? 'all', `${await describeHalt(ctx, scope, orders)} ${closing}`);
  const halted = await haltNow(continuing(ctx), scope, { reason, ...orders });
  await ctx.io.say(
    `Trading ${ctx.dryRun ? 'would be' : 'is'} halted for ${scope.name}: ${pluralize(halted.orders_cancelled, 'order')} cancelled, ${pluralize(halted.strategies_paused, 'strategy', 'strategies')} paused.`,
  );
  const closed = await close(true).catch(async (error) => {
    ctx.signal.throwIfAborted();
    const failure = await ctx.explain(error);
    const isOfClosing = isDatabaseFailure(error) || failure instanceof Failure;
    if (ctx.dryRun || !isOfClosing || (failure instanceof Failure && failure.kind === 'unknown')) throw error;
    throw haltUnfinished(scope.name, 'positions may be open still', failure);
  });
  const rows: readonly (Closed | LeftOrder)[] = [
    ...[closed instanceof Finding ? closed.data : closed].flat(),
    ...(await describeLeft(ctx, halted.left)),
  ];
  if (halted.unreachable) return new Finding(rows, 'unreachable');
  return closed instanceof Finding || halted.left.length > 0 ? new Finding(rows) : rows;
}

async function describeLeft(ctx: Context, left: readonly LeftWorking[]): Promise<LeftOrder[]> {
  if (left.length === 0) return [];
  const found = await findOrders(
    await ctx.db(),
    left.map(({ order_id }) => order_id),
  );
  const why = new Map(left.map((each) => [each.order_id, each.why]));
  return found.map(({ order_id, user_id, strategy_id, symbol, side, quantity, filled_quantity, status }) => ({
    position_id: null,
    user_id,
    strategy_id,
    symbol,
    side,
    quantity: quantity - filled_quantity,
    unrealized_pnl: null,
    status,
    closing_order_id: null,
    closing_status: null,
    credited: null,
    problem: `order ${order_id} works at the broker still: ${why.get(order_id)}`,
  }));
}
