import { sql } from 'kysely';
import { auditTarget, changed, firstListed, unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import { mintId, type PositionId, type UserId } from '../../domain/id.ts';
import { addMoney, NO_RUPEES } from '../../domain/money.ts';
import { mergeByTime } from '../../domain/rebuild-positions.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { ALIASES_SINCE_STEP, needStep, type Source } from '../../platform/postgres/schema-phase.ts';
import { notFound, refused } from '../../util/failure.ts';
import { pluralize, shellWord } from '../../util/text.ts';
import { readChain } from '../ledger/chain-store.ts';
import { keepInvariants } from '../ledger/keep-invariants.ts';
import { type Chain, rebook } from '../ledger/rebuild-chain.ts';
import { type TradingDay, tradingDayOf } from '../trading-day.ts';
import { findUser, lockUser } from '../users/store.ts';
import { readAliases, readMeanings } from './aliases.ts';
import {
  type ChainOfSymbol,
  findChains,
  keepMerge,
  type Merged,
  type Run,
  readPositions,
  refuseWorking,
  renameOrders,
  renamePositions,
} from './merge-store.ts';

/**
 * Books what users have under an old name of a symbol under its new one, after a confirmation: one transaction per user.
 * Throws SYMBOL_ALIAS_NOT_FOUND, ALIAS_NOT_YET, ORDER_STATE while an order under the old name works, LEDGER_INCONSISTENT.
 */
export async function mergeSymbol(ctx: Context, old_symbol: TradingSymbol, user: UserId | undefined) {
  const source = await ctx.source();
  needStep(source, ALIASES_SINCE_STEP);
  const names = { old_symbol, new_symbol: await meaningOf(source, old_symbol) };
  if (user !== undefined) await findUser(source.db, user);
  const users = await findHolders(source, old_symbol, user);
  if (users.length === 0) return [];
  await refuseWorking(source, sql`symbol = ${old_symbol} AND user_id = ANY(${users})`);
  await ctx.confirm(
    `This books what ${pluralize(users.length, 'user')} ${users.length === 1 ? 'has' : 'have'} under ${old_symbol} under ${names.new_symbol}, and rebuilds the positions.`,
  );
  const merge_id = mintId('mrg', ctx.now());
  const day = await tradingDayOf(ctx);
  const merged: Merged[] = [];
  for (const each of users)
    merged.push(...(await ctx.change((trx) => mergeUser(trx, { ...names, merge_id, user_id: each }, day))));
  return merged;
}

async function meaningOf(source: Source, symbol: TradingSymbol): Promise<TradingSymbol> {
  const meaning = (await readMeanings(source)).get(symbol);
  if (meaning !== undefined) return meaning;
  const alias = (await readAliases(source)).find(({ old_symbol }) => old_symbol === symbol);
  if (!alias) throw notFound('symbol alias', symbol, `Run: pinnacle symbol alias ${shellWord(symbol)} NEW`);
  throw refused(
    'ALIAS_NOT_YET',
    `${symbol} is called ${alias.new_symbol} from ${alias.from_date} on.`,
    `Run it then, or correct the day: pinnacle symbol alias ${shellWord(symbol)} ${shellWord(alias.new_symbol)} --from DATE`,
  );
}

/** The users with orders or positions under a symbol, by id. */
async function findHolders(
  { db }: Source,
  symbol: TradingSymbol,
  user: UserId | undefined,
): Promise<UserId[]> {
  const { rows } = await sql<{ user_id: UserId }>`
    SELECT user_id FROM (
      SELECT user_id FROM orders WHERE symbol = ${symbol} UNION SELECT user_id FROM positions WHERE symbol = ${symbol}
    ) h ${user === undefined ? sql`` : sql`WHERE user_id = ${user}`} ORDER BY user_id`.execute(db);
  return rows.map(({ user_id }) => user_id);
}

/** Merges the book of a user, if there is still something under the old name. */
async function mergeUser(trx: Trx, run: Run, day: TradingDay) {
  const { merge_id, user_id, old_symbol, new_symbol } = run;
  await lockUser(trx, user_id);
  const underOld = sql`symbol = ${old_symbol} AND user_id = ${user_id}`;
  await refuseWorking(trx, underOld);
  return keepInvariants(trx, user_id, async () => {
    const positions = await readPositions(trx, run);
    const pairs = await readPairs(trx, run, await findChains(trx, underOld, underOld));
    const orders = await renameOrders(trx, underOld, new_symbol);
    const moved = positions
      .filter(({ symbol }) => symbol === old_symbol)
      .map(({ position_id }) => position_id);
    if (orders.length + moved.length === 0) return unchanged([]);
    let credited = NO_RUPEES;
    const rebuilt: PositionId[] = [];
    for (const was of pairs) {
      const { key } = was[1];
      const move = () => renamePositions(trx, moved, key, new_symbol);
      const fills = mergeByTime(was[0].fills, was[1].fills);
      const result = await rebook(trx, { was, becomes: [{ key, fills }], move }, 0, day);
      credited = addMoney(credited, result.credited);
      rebuilt.push(...result.positions.map(({ position_id }) => position_id));
    }
    await keepMerge(trx, run, { orders, positions, executions: pairs.flat().flatMap(({ fills }) => fills) });
    const executions = pairs.reduce(
      (sum, [old]) => sum + old.fills.filter(({ action }) => !action).length,
      0,
    );
    const touched = new Set([...moved, ...rebuilt]);
    const result = { merge_id, user_id, old_symbol, new_symbol, orders: orders.length, executions };
    return changed([{ ...result, positions: touched.size, credited }], auditTarget('user', user_id), {
      ...{ merge_id, old_symbol, new_symbol, orders: orders.length, executions, credited },
      positions: firstListed([...touched]),
    });
  });
}

/** The chains of a user under both names, for each strategy and product. */
async function readPairs(
  trx: Trx,
  { user_id, old_symbol, new_symbol }: Run,
  chains: readonly ChainOfSymbol[],
): Promise<(readonly [Chain, Chain])[]> {
  const pairs: [Chain, Chain][] = [];
  for (const chain of chains) {
    const old = { user_id, symbol: old_symbol, ...chain };
    const present = { ...old, symbol: new_symbol };
    pairs.push([
      { key: old, fills: await readChain(trx, old) },
      { key: present, fills: await readChain(trx, present) },
    ]);
  }
  return pairs;
}
