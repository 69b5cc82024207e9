import { sql } from 'kysely';
import { auditTarget, changed, firstListed, unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { PositionId, UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import { addMoney, NO_RUPEES } from '../../domain/money.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { ALIASES_SINCE_STEP, needStep } from '../../platform/postgres/schema-phase.ts';
import { notFound, refused } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { type BookedExecution, lockRows, readChain } from '../ledger/chain-store.ts';
import { keepInvariants } from '../ledger/keep-invariants.ts';
import { type PriceMark, rebook } from '../ledger/rebuild-chain.ts';
import { type TradingDay, tradingDayOf } from '../trading-day.ts';
import { lockUser } from '../users/store.ts';
import {
  type BookedBefore,
  type ChainOfSymbol,
  findChains,
  type Merged,
  type Run,
  refuseWorking,
  renameOrders,
  renamePositions,
  takeMerge,
} from './merge-store.ts';

/**
 * Takes a merge of symbols back, after a confirmation: one transaction per user. Throws MERGE_NOT_FOUND, and MERGE_BUILT_ON
 * if something was booked under the new name since.
 */
export async function unmergeSymbol(ctx: Context, merge_id: string, user: UserId | undefined) {
  const source = await ctx.source();
  needStep(source, ALIASES_SINCE_STEP);
  let merges = source.db
    .selectFrom('symbol_merges')
    .select(['user_id', 'old_symbol', 'new_symbol'])
    .where('merge_id', '=', merge_id);
  if (user !== undefined) merges = merges.where('user_id', '=', user);
  const users = await merges.orderBy('user_id').execute();
  const [first] = users;
  if (!first)
    throw notFound(
      'merge',
      user === undefined ? merge_id : `${merge_id} of ${user}`,
      'It may be taken back already. See: pinnacle audit list --command "position merge-symbol"',
    );
  await ctx.confirm(
    `This books what ${pluralize(users.length, 'user')} had under ${first.old_symbol} under it again, apart from ${first.new_symbol}.`,
  );
  const day = await tradingDayOf(ctx);
  const unmerged: Merged[] = [];
  for (const { user_id } of users)
    unmerged.push(...(await ctx.change((trx) => unmergeUser(trx, { merge_id, user_id }, day))));
  return unmerged;
}

async function unmergeUser(trx: Trx, which: Pick<Run, 'merge_id' | 'user_id'>, day: TradingDay) {
  await lockUser(trx, which.user_id);
  return keepInvariants(trx, which.user_id, async () => {
    const merge = await takeMerge(trx, which);
    if (!merge) return unchanged([]);
    const { before, merged_at, ...run } = merge;
    const { merge_id, user_id, old_symbol, new_symbol } = run;
    const wereOld = sql`order_id = ANY(${before.orders}) AND user_id = ${user_id} AND symbol = ${new_symbol}`;
    await refuseRenamed(trx, run, before.orders);
    await refuseWorking(trx, wereOld);
    const ids = before.positions
      .filter(({ symbol }) => symbol === old_symbol)
      .map(({ position_id }) => position_id);
    const found = await findChains(trx, wereOld, sql`position_id = ANY(${ids})`);
    const chains = await readChains(trx, run, found);
    refuseBuiltOn(
      run,
      before,
      chains.flatMap(({ fills }) => fills),
    );
    const old = new Set(before.orders);
    // What a corporate action made goes with its position.
    const isOld = ({ action, order_id, position_id }: BookedExecution) =>
      action ? ids.includes(position_id) : order_id !== null && old.has(order_id);
    const orders = await renameOrders(trx, wereOld, old_symbol);
    let credited = NO_RUPEES;
    const rebuilt: string[] = [...ids];
    for (const { key, fills } of chains) {
      const was = [{ key, fills }];
      const move = () => renamePositions(trx, ids, key, old_symbol);
      const restored = restore(before, fills);
      const becomes = [
        { key: { ...key, symbol: old_symbol }, fills: restored.filter(isOld) },
        { key, fills: restored.filter((item) => !isOld(item)) },
      ];
      const marks = await marksOf(trx, run, key, before, merged_at);
      const result = await rebook(trx, { was, becomes, move, marks }, 0, day);
      credited = addMoney(credited, result.credited);
      rebuilt.push(...result.positions.map(({ position_id }) => position_id));
    }
    const executions = chains
      .flatMap(({ fills }) => fills)
      .filter((item) => !item.action && isOld(item)).length;
    const touched = [...new Set(rebuilt)];
    const result = { merge_id, user_id, old_symbol, new_symbol, orders: orders.length, executions };
    return changed([{ ...result, positions: touched.length, credited }], auditTarget('user', user_id), {
      ...{ merge_id, old_symbol, new_symbol, orders: orders.length, executions, credited },
      positions: firstListed(touched),
    });
  });
}

async function readChains(trx: Trx, { user_id, new_symbol }: Run, found: readonly ChainOfSymbol[]) {
  const chains = [];
  for (const chain of found) {
    const key = { user_id, symbol: new_symbol, ...chain };
    chains.push({ key, fills: await readChain(trx, key) });
  }
  return chains;
}

/** Throws MERGE_BUILT_ON if orders of the merge have yet another name now. */
async function refuseRenamed(
  trx: Trx,
  { merge_id, user_id, new_symbol }: Run,
  orders: readonly string[],
): Promise<void> {
  const { rows } = await sql<{ symbol: TradingSymbol }>`
    SELECT symbol FROM orders WHERE order_id = ANY(${[...orders]}) AND symbol <> ${new_symbol} LIMIT 1`.execute(
    trx.db,
  );
  const [row] = rows;
  if (!row) return;
  throw refused(
    'MERGE_BUILT_ON',
    `Since the merge ${merge_id}, orders of ${user_id} in ${new_symbol} were merged into ${row.symbol}.`,
    'Nothing changed. Take that merge back first: pinnacle audit list --command "position merge-symbol"',
  );
}

/** Throws MERGE_BUILT_ON unless the executions are those of the merge. */
function refuseBuiltOn(
  { merge_id, user_id, new_symbol }: Run,
  { executions }: BookedBefore,
  present: readonly BookedExecution[],
): void {
  const termsOf = ({
    fill_id,
    quantity,
    price,
    executed_at,
  }: BookedBefore['executions'][number] | BookedExecution) =>
    `${fill_id} ${quantity} ${price} ${executed_at}`;
  const merged = new Set(executions.map(termsOf));
  const now = new Set(present.map(termsOf));
  const others = [...now].filter((terms) => !merged.has(terms)).length;
  const gone = [...merged].filter((terms) => !now.has(terms)).length;
  if (others + gone === 0) return;
  throw refused(
    'MERGE_BUILT_ON',
    `Since the merge ${merge_id}, executions of ${user_id} in ${new_symbol} were booked, corrected, taken back or merged: ${pluralize(Math.max(others, gone), 'execution')}.`,
    `Nothing changed. Take those back first: pinnacle fill list --user ${user_id}`,
  );
}

/** Executions at the places and in the positions that they had. */
function restore({ executions }: BookedBefore, fills: readonly BookedExecution[]): BookedExecution[] {
  const booked = new Map(executions.map((execution) => [execution.fill_id, execution]));
  return fills
    .flatMap((fill) => {
      const was = booked.get(fill.fill_id);
      if (!was) return [];
      const { seq, position_id, flipped_to } = was;
      return [
        { ...fill, seq, position_id: position_id as PositionId, flipped_to: flipped_to as PositionId | null },
      ];
    })
    .sort((a, b) => a.seq - b.seq);
}

/** The prices that open positions were valued at, unless what they became has been valued since. */
async function marksOf(
  trx: Trx,
  { user_id, new_symbol }: Run,
  { strategy_id, product }: ChainOfSymbol,
  { positions }: BookedBefore,
  merged_at: Instant,
): Promise<Map<PositionId, PriceMark>> {
  const rows = await lockRows(trx, { user_id, strategy_id, product }, [new_symbol]);
  if (rows.some(({ status, updated_at }) => status === 'OPEN' && updated_at > merged_at)) return new Map();
  return new Map(
    positions.map(({ position_id, current_price, marked_at }) => [
      position_id as PositionId,
      { current_price, marked_at: marked_at as Instant | null },
    ]),
  );
}
