import { sql } from 'kysely';
import type { Context } from '../../context.ts';
import { doubtOfQuote } from '../../domain/doubts.ts';
import type { UserId } from '../../domain/id.ts';
import { ageOf } from '../../domain/quote.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { configuredKind } from '../broker/halt-and-cancel.ts';
import { ofUser } from '../of-user.ts';
import { checkPrices } from '../positions/book-marks.ts';
import { readMarks } from '../positions/parse-marks.ts';
import { readQuotes } from '../quotes/store.ts';

/** The prices of `SYMBOL=PRICE` words, in rupees per share; asks about those that are far from the last one. */
export async function givenPrices(
  ctx: Context,
  words: readonly string[],
): Promise<ReadonlyMap<TradingSymbol, number>> {
  if (words.length === 0) return new Map();
  const { marks } = await readMarks(words, undefined, (symbol) => symbol, ctx);
  await checkPrices(ctx, marks, 'Close at this all the same?');
  return new Map(marks.map(({ symbol, price }) => [symbol, price]));
}

/** What a share is closed at, in rupees, or why its quote is not taken. */
type ExitPrice = { price: number } | { doubt: string };
export type ExitPrices = ReadonlyMap<TradingSymbol, ExitPrice>;

/** Whether fills are booked at once: prices are at hand, and no broker makes them. */
export const booksFills = async (ctx: Context, prices: ExitPrices | undefined): Promise<boolean> =>
  prices !== undefined && (await configuredKind(ctx)) === undefined;

/**
 * The prices to close positions at: those that are given, else with `fromCache` the quotes in Redis that are fresh now, so it is
 * called after every question; a quote that is probably a mistake is a doubt. Undefined where neither is asked for. Throws NO_REDIS.
 */
export async function exitPrices(
  ctx: Context,
  {
    user,
    given,
    fromCache,
  }: { user: UserId | undefined; given: ReadonlyMap<TradingSymbol, number>; fromCache: boolean },
): Promise<ExitPrices | undefined> {
  if (!fromCache && given.size === 0) return undefined;
  const quotes = fromCache ? await freshQuotes(ctx, user) : [];
  return new Map([...quotes, ...[...given].map(([symbol, price]) => [symbol, { price }] as const)]);
}

async function freshQuotes(
  ctx: Context,
  user: UserId | undefined,
): Promise<(readonly [TradingSymbol, ExitPrice])[]> {
  const { rows } = await sql<{ symbol: TradingSymbol; price: number }>`
    SELECT DISTINCT ON (symbol) symbol, current_price AS price FROM positions
    WHERE status = 'OPEN' ${ofUser('positions', user)}
    ORDER BY symbol, coalesce(marked_at, updated_at) DESC`.execute(await ctx.db());
  const symbols = rows.map(({ symbol }) => symbol);
  const [redis, { market, guard }] = await Promise.all([ctx.redis('market'), ctx.config()]);
  const now = ctx.now();
  const readings = await readQuotes(redis, symbols, now);
  return rows.flatMap(({ symbol, price }, i) => {
    const quote = readings[i]?.quote;
    if (!quote || ageOf(quote.timestamp, now) > market.staleAfterMs) return [];
    const doubt = doubtOfQuote(quote, price, guard);
    return [[symbol, doubt === undefined ? { price: quote.ltp } : { doubt }] as const];
  });
}
