import { sql } from 'kysely';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { ageOf } from '../../domain/quote.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
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

/**
 * The prices to close positions at, in rupees per share: those that are given, else with `fromCache` the quotes in Redis that
 * are fresh now, so it is called after every question. Undefined where neither is asked for. Throws NO_REDIS.
 */
export async function exitPrices(
  ctx: Context,
  {
    user,
    given,
    fromCache,
  }: { user: UserId | undefined; given: ReadonlyMap<TradingSymbol, number>; fromCache: boolean },
): Promise<ReadonlyMap<TradingSymbol, number> | undefined> {
  if (!fromCache) return given.size === 0 ? undefined : given;
  return new Map([...(await freshQuotes(ctx, user)), ...given]);
}

async function freshQuotes(ctx: Context, user: UserId | undefined) {
  const { rows } = await sql<{ symbol: TradingSymbol }>`
    SELECT DISTINCT symbol FROM positions
    WHERE status = 'OPEN' AND ${user === undefined ? sql`true` : sql`user_id = ${user}`}`.execute(
    await ctx.db(),
  );
  const symbols = rows.map(({ symbol }) => symbol);
  const [redis, { market }] = await Promise.all([ctx.redis('market'), ctx.config()]);
  const now = ctx.now();
  const readings = await readQuotes(redis, symbols, now);
  return symbols.flatMap((symbol, i) => {
    const quote = readings[i]?.quote;
    return quote && ageOf(quote.timestamp, now) <= market.staleAfterMs ? [[symbol, quote.ltp] as const] : [];
  });
}
