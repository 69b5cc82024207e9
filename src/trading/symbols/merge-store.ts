import { type RawBuilder, sql } from 'kysely';
import * as z from 'zod/mini';
import type { Trx } from '../../audit/transaction.ts';
import type { ChainKey } from '../../domain/book.ts';
import { WORKING_STATUSES } from '../../domain/enums.ts';
import type { OrderId, PositionId, UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Rupees } from '../../domain/money.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import type { Source } from '../../platform/postgres/schema-phase.ts';
import { refused } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { productOf } from '../ledger/product.ts';

/** A symbol under its old name and under the one that it has now. */
interface Names {
  old_symbol: TradingSymbol;
  new_symbol: TradingSymbol;
}

/** What tells the positions of a user in one symbol apart. */
export type ChainOfSymbol = Pick<ChainKey, 'strategy_id' | 'product'>;

/** The merge of one user. */
export interface Run extends Names {
  merge_id: string;
  user_id: UserId;
}

/** What a merge, or its undoing, did to the book of one user. */
export interface Merged extends Run {
  /** Orders that have the other name now, and the executions among them. */
  orders: number;
  executions: number;
  /** Positions that changed. */
  positions: number;
  /** Rupees by which the capital changed. */
  credited: Rupees;
}

/** What a merge needs to be taken back. */
const bookedBefore = z.object({
  /** The orders under the old name. */
  orders: z.array(z.string()),
  /** The positions under both names, and what they were valued at. */
  positions: z.array(
    z.object({
      position_id: z.string(),
      symbol: z.string(),
      current_price: z.number(),
      marked_at: z.nullable(z.string()),
    }),
  ),
  /** The executions under both names, at their places in the order of booking. */
  executions: z.array(
    z.object({
      fill_id: z.string(),
      seq: z.number(),
      position_id: z.string(),
      flipped_to: z.nullable(z.string()),
      quantity: z.number(),
      price: z.number(),
      executed_at: z.string(),
    }),
  ),
});

export type BookedBefore = z.infer<typeof bookedBefore>;

/** Stores what was booked before, by its schema. */
export async function keepMerge(trx: Trx, run: Run, before: BookedBefore): Promise<void> {
  // Executions have more columns than are needed.
  const booked = JSON.stringify(bookedBefore.parse(before));
  await trx.db
    .insertInto('symbol_merges')
    .values({ ...run, booked })
    .execute();
}

/** Takes out the merge of a user, which must be locked; undefined if it is not there. Throws LEDGER_INCONSISTENT. */
export async function takeMerge(
  trx: Trx,
  { merge_id, user_id }: Pick<Run, 'merge_id' | 'user_id'>,
): Promise<(Run & { before: BookedBefore; merged_at: Instant }) | undefined> {
  const row = await trx.db
    .deleteFrom('symbol_merges')
    .where('merge_id', '=', merge_id)
    .where('user_id', '=', user_id)
    .returning(['merge_id', 'user_id', 'old_symbol', 'new_symbol', 'booked', 'merged_at'])
    .executeTakeFirst();
  if (!row) return undefined;
  const { booked, ...run } = row;
  const { data } = bookedBefore.safeParse(booked);
  if (data) return { ...run, before: data };
  throw refused('LEDGER_INCONSISTENT', `The record of the merge ${merge_id} of ${user_id} cannot be read.`);
}

/** The strategies and products of some orders and positions; null stands for none. */
export async function findChains(
  trx: Trx,
  orders: RawBuilder<unknown>,
  positions: RawBuilder<unknown>,
): Promise<ChainOfSymbol[]> {
  const { rows } = await sql<ChainOfSymbol>`
    SELECT strategy_id, ${productOf(trx, 'orders')} AS product FROM orders WHERE ${orders}
    UNION SELECT strategy_id, ${productOf(trx, 'positions')} FROM positions WHERE ${positions}
    ORDER BY strategy_id, product`.execute(trx.db);
  return rows;
}

/** The positions of a user under both names. */
export async function readPositions(
  trx: Trx,
  { user_id, old_symbol, new_symbol }: Run,
): Promise<
  { position_id: PositionId; symbol: TradingSymbol; current_price: number; marked_at: Instant | null }[]
> {
  return trx.db
    .selectFrom('positions')
    .select(['position_id', 'symbol', 'current_price', 'marked_at'])
    .where('user_id', '=', user_id)
    .where('symbol', 'in', [old_symbol, new_symbol])
    .orderBy('position_id')
    .execute();
}

/** Gives orders another symbol; returns their ids. What changed last stays what it is. */
export async function renameOrders(
  trx: Trx,
  which: RawBuilder<unknown>,
  symbol: TradingSymbol,
): Promise<OrderId[]> {
  const { rows } = await sql<{ order_id: OrderId; updated_at: Instant }>`
    UPDATE orders SET symbol = ${symbol} WHERE ${which} RETURNING order_id, updated_at`.execute(trx.db);
  for (const { order_id, updated_at } of rows) trx.touch('order', [order_id], updated_at);
  return rows.map(({ order_id }) => order_id);
}

/** Gives positions of a strategy and product another symbol. */
export async function renamePositions(
  trx: Trx,
  ids: readonly string[],
  { strategy_id, product }: ChainOfSymbol,
  symbol: TradingSymbol,
): Promise<void> {
  await sql`
    UPDATE positions SET symbol = ${symbol} WHERE position_id = ANY(${[...ids]})
      AND strategy_id IS NOT DISTINCT FROM ${strategy_id}
      AND ${productOf(trx, 'positions')} IS NOT DISTINCT FROM ${product} AND symbol <> ${symbol}`.execute(
    trx.db,
  );
}

/** Throws ORDER_STATE if one of these orders works: the broker knows it under the name that it has. */
export async function refuseWorking({ db }: Source, which: RawBuilder<unknown>): Promise<void> {
  const { rows } = await sql<{ order_id: OrderId; user_id: UserId }>`
    SELECT order_id, user_id FROM orders WHERE ${which} AND status IN (${sql.join(WORKING_STATUSES)})
    ORDER BY order_id`.execute(db);
  const [first] = rows;
  if (!first) return;
  const named = rows.slice(0, MOST_NAMED).map(({ order_id }) => order_id);
  throw refused(
    'ORDER_STATE',
    `${pluralize(rows.length, 'order')} of ${first.user_id}${rows.every(({ user_id }) => user_id === first.user_id) ? '' : ' and others'} still ${rows.length === 1 ? 'works' : 'work'}: ${named.join(', ')}${rows.length > MOST_NAMED ? ', …' : ''}. The broker knows them under their name.`,
    `Nothing changed. Wait until they end, or cancel them: pinnacle order cancel ${first.order_id}`,
  );
}

const MOST_NAMED = 5;
