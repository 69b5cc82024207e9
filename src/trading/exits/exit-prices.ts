import { sql } from 'kysely';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { ageOf } from '../../domain/quote.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { checkPrices } from '../positions/book-marks.ts';
import { readMarks } from '../positions/parse-marks.ts';
import { readQuotes } from '../quotes/store.ts';

/**
 * The prices to close positions at, in rupees per share: those of `SYMBOL=PRICE` words, which are asked about where they are far
 * from the last one, else with `fromCache` the fresh quotes in Redis. Undefined where neither is asked for. Throws NO_REDIS.
 */
export async function exitPrices(
  ctx: Context,
  { user, given, fromCache }: { user: UserId | undefined; given: readonly string[]; fromCache: boolean },
): Promise<ReadonlyMap<TradingSymbol, number> | undefined> {
  if (given.length === 0 && !fromCache) return undefined;
  const { marks } = await readMarks(given, undefined, (symbol) => symbol, ctx);
  await checkPrices(ctx, marks, 'Close at this all the same?');
  const quoted = fromCache ? await freshQuotes(ctx, user) : [];
  return new Map([...quoted, ...marks.map(({ symbol, price }) => [symbol, price] as const)]);
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
