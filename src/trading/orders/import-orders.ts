import { basename } from 'node:path';
import { sql } from 'kysely';
import { changedIf } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Progress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import type { TimeReading } from '../../domain/file-values.ts';
import type { OrderId, UserId } from '../../domain/id.ts';
import { createIdSet, type IdSet } from '../../platform/files/id-set.ts';
import { streamConsumed } from '../../platform/files/open-source.ts';
import { openTable } from '../../platform/files/open-table.ts';
import type { Records, Row } from '../../platform/files/read-records.ts';
import {
  type BadLine,
  type Rejects,
  rejectedLinesError,
  withRejects,
} from '../../platform/files/rejects-file.ts';
import { BROKER_SINCE_STEP, hasStep } from '../../platform/postgres/schema-phase.ts';
import { pluralize } from '../../util/text.ts';
import { untradable } from '../instruments/check-order.ts';
import { openAdmission } from '../risk/import-admission.ts';
import { openRenaming } from '../symbols/renaming.ts';
import { type TradingDay, tradingDayOf } from '../trading-day.ts';
import { insertRows, openTarget, type Target } from './load-orders.ts';
import { ORDER_FILE, type OrderRow, orderReader } from './order-file.ts';

/** The bad lines that a failure names. */
const MAX_NAMED = 10;
const HINT = 'Correct the file, or import the good lines with --keep-going.';

/**
 * Writes the orders of a file in one transaction; bad lines go to `rejects`, or fail the whole import without it.
 * With `fast` an empty table is loaded without its indexes, which are created afterwards.
 */
export async function importOrderFile(
  path: string,
  fast: boolean,
  times: TimeReading,
  rejects: Rejects | undefined,
  progress: Progress,
  ctx: Context,
) {
  const connection = await ctx.connection();
  const clock = await tradingDayOf(ctx);
  let spent = false;
  return ctx.change(async (trx) => {
    // A deadlock runs the change again from the start, which a pipe cannot do.
    if (spent) throw streamConsumed();
    await rejects?.restart();
    await prepare(trx);
    const users = await usersOf(trx);
    const table = await openTable(path, ORDER_FILE, ctx);
    spent = table.once;
    const { rename, notes } = await openRenaming(trx);
    const hasTerms = hasStep(trx, BROKER_SINCE_STEP);
    const reader = orderReader(table.columns, { now: clock.now, times, rename, hasTerms });
    const into = await openTarget(connection, trx, reader.columns, fast);
    const check = { read: reader.read, users, seen: createIdSet(), into };
    const tell = (imported: number) => progress.update(pluralize(imported, 'order'), table.share());
    const { listed, working, ...loaded } = await load(trx, table.records, check, rejects, tell).catch(
      async (error) => {
        await into.abort();
        throw error;
      },
    );
    for (const note of notes()) await ctx.io.say(note);
    const refused = await placeWorking(ctx, trx, { orders: working, columns: reader.columns, clock });
    await rejects?.add(refused);
    const tally = {
      imported: loaded.imported + working.length - refused.length,
      history: loaded.imported,
      rejected: loaded.rejected + refused.length,
    };
    if (tally.rejected > 0 && !rejects)
      throw rejectedLinesError([...listed, ...refused].slice(0, MAX_NAMED), tally.rejected, HINT);
    const body = { file: basename(path), ...tally, ...(fast ? { fast } : {}) };
    const result = withRejects({ user_id: null, ...tally, known: null, realized_pnl: null }, rejects);
    return changedIf(tally.imported > 0, result, 'orders', body);
  });
}

interface Check {
  read: (row: Row) => OrderRow | { reason: string };
  users: ReadonlySet<UserId>;
  seen: IdSet;
  into: Target;
}

/** An order that may still be filled. */
type WorkingRow = OrderRow & Required<Pick<OrderRow, 'working' | 'terms'>> & { line: number };

/** The valid orders among some rows, and the rows that are invalid or cannot be added. */
async function validateRows({ rows, bad }: Records, { read, users, seen, into }: Check) {
  const good = new Map<OrderId, OrderRow>();
  const lines = new Map<string, number>();
  const refuse = (line: number, reason: string) => void bad.push({ line, reason });
  for (const row of rows) {
    const order = read(row);
    if ('reason' in order) refuse(row.line, order.reason);
    else if (!users.has(order.user_id)) refuse(row.line, `there is no user ${order.user_id}`);
    else {
      const before = seen.add(order.order_id, row.line);
      if (before !== undefined) refuse(row.line, `order_id ${order.order_id} is that of line ${before}`);
      else {
        good.set(order.order_id, order);
        lines.set(order.order_id, row.line);
      }
    }
  }
  for (const id of await into.known([...good.keys()])) {
    refuse(lines.get(id) ?? 0, `order_id ${id} is taken`);
    good.delete(id);
  }
  const { history, working } = separate([...good.values()], lines);
  return { history, working, bad: bad.sort((a, b) => a.line - b.line) };
}

/** The orders that are history, and those that may still be filled with their lines. */
function separate(orders: readonly OrderRow[], lines: ReadonlyMap<string, number>) {
  const history: OrderRow[] = [];
  const working: WorkingRow[] = [];
  for (const order of orders)
    if (order.working && order.terms)
      working.push({
        ...order,
        working: order.working,
        terms: order.terms,
        line: lines.get(order.order_id) ?? 0,
      });
    else history.push(order);
  return { history, working };
}

/** Writes the orders that are history into the table; returns those that are working, and the first bad lines. */
async function load(
  trx: Trx,
  blocks: AsyncIterable<Records>,
  check: Check,
  rejects: Rejects | undefined,
  tell: (imported: number) => void,
) {
  const tally = { imported: 0, rejected: 0 };
  const listed: BadLine[] = [];
  const working: WorkingRow[] = [];
  for await (const records of blocks) {
    const { history, working: rest, bad } = await validateRows(records, check);
    tally.rejected += bad.length;
    listed.push(...bad.slice(0, Math.max(0, MAX_NAMED - listed.length)));
    if (bad.length > 0) await rejects?.add(bad);
    // After a bad line that fails the import, the remaining lines are only checked.
    if (tally.rejected > 0 && !rejects) continue;
    await check.into.write(history);
    for (const { order_id, updated_at } of history) trx.touch('order', [order_id], updated_at);
    working.push(...rest);
    tally.imported += history.length;
    tell(tally.imported + working.length);
  }
  if (tally.rejected > 0 && !rejects) throw rejectedLinesError(listed, tally.rejected, HINT);
  await check.into.end();
  return { ...tally, working, listed };
}

/** Writes the working orders that could be placed now; returns the lines of the others. */
async function placeWorking(
  ctx: Context,
  trx: Trx,
  {
    orders: all,
    columns,
    clock,
  }: { orders: readonly WorkingRow[]; columns: readonly string[]; clock: TradingDay },
): Promise<BadLine[]> {
  if (all.length === 0) return [];
  const refused = await untradable(ctx, trx, all, clock.now);
  const lines = new Set(refused.map(({ line }) => line));
  const orders = all.filter(({ line }) => !lines.has(line));
  const users = orders.map(({ user_id }) => user_id);
  const { needsCheck, refusal } = await openAdmission(trx, users, clock);
  const free = orders.filter(({ working }) => !needsCheck(working));
  await insertRows(trx, columns, free);
  const placed = [...free];
  // One after the other: each counts for the next.
  for (const order of orders.filter(({ working }) => needsCheck(working))) {
    const reason = await refusal(order.working);
    if (reason !== undefined) refused.push({ line: order.line, reason });
    else {
      await insertRows(trx, columns, [order]);
      placed.push(order);
    }
  }
  for (const { order_id, updated_at } of placed) trx.touch('order', [order_id], updated_at);
  return refused;
}

/** Lifts the statement timeout and marks the orders as imported; both end with the transaction. */
async function prepare(trx: Trx): Promise<void> {
  await sql`SELECT set_config('statement_timeout', '0', true), set_config('pinnacle.importing', 'on', true)`.execute(
    trx.db,
  );
}

async function usersOf(trx: Trx): Promise<Set<UserId>> {
  const users = await trx.db.selectFrom('users').select('user_id').execute();
  return new Set(users.map(({ user_id }) => user_id));
}
