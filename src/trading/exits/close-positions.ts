import { sql } from 'kysely';
import { auditTarget, changedIf, firstListed, type Outcome } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { mintId, type OrderId, type PositionId, type UserId } from '../../domain/id.ts';
import { NO_RUPEES, type Rupees } from '../../domain/money.ts';
import { BROKER_SINCE_STEP, hasStep } from '../../platform/postgres/schema-phase.ts';
import { Failure } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import type { Asked } from '../broker/call-broker.ts';
import { sendOrders } from '../broker/send-orders.ts';
import { bookFills, fillOfAll } from '../ledger/book-fills.ts';
import { insertOrders, unfilled } from '../ledger/insert-orders.ts';
import { findOrders } from '../ledger/order-store.ts';
import { findPositions, type Position } from '../positions/store.ts';
import { tradingDayOf } from '../trading-day.ts';
import { describeOpen } from './describe-open.ts';
import { booksFills, type ExitPrices, exitPrices, givenPrices } from './exit-prices.ts';
import { lockOpen, type OpenPosition } from './lock-open.ts';
import { type Exit, planExit } from './plan-exit.ts';

/** A position, and the order that closes it. */
export type Closed = Position & {
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
export interface Exits {
  user: UserId | undefined;
  prices: ExitPrices | undefined;
  /** In a dry run the halt before it has cancelled nothing: whether other orders than exits count as cancelled. */
  afterHalt?: boolean;
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

/** Closes, and says which orders wait to be sent. */
export async function closeAndSay(ctx: Context, exits: Exits) {
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

/** Closes, and hands the orders to the broker at once, also those of an earlier run. */
export async function closeAndSend(ctx: Context, exits: Exits) {
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
  { user, prices, afterHalt = false }: Exits,
  shown: (rows: readonly Closed[]) => T,
): Promise<T> {
  const books = await booksFills(ctx, prices);
  const clock = await tradingDayOf(ctx);
  return ctx.change(async (trx): Promise<Outcome<T>> => {
    const open = await lockOpen(trx, user, { onlyExits: ctx.dryRun && afterHalt });
    const elsewhere = books ? await tradersElsewhere(trx, open) : new Set<UserId>();
    const exits = open.map((position) => planExit(position, { prices, books, elsewhere, clock }));
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

/** Those of the holders of positions who have an account at a broker. */
async function tradersElsewhere(trx: Trx, open: readonly OpenPosition[]): Promise<Set<UserId>> {
  if (!hasStep(trx, BROKER_SINCE_STEP)) return new Set();
  const users = [...new Set(open.map(({ user_id }) => user_id))];
  const { rows } = await sql<{ user_id: UserId }>`
    SELECT user_id FROM broker_accounts WHERE user_id = ANY(${users})`.execute(trx.db);
  return new Set(rows.map(({ user_id }) => user_id));
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
