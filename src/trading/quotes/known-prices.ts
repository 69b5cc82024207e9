import { sql } from 'kysely';
import type { Context } from '../../context.ts';
import type { KnownPrice } from '../../domain/doubts.ts';
import type { UserId } from '../../domain/id.ts';
import { isBefore } from '../../domain/instant.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';

/**
 * The newest price that is known of each symbol: its quote in Redis, or what a position was marked or filled at last; of
 * open positions, and of the closed ones of a user if one is given. Never takes longer than redis.timeout for Redis.
 */
export async function knownPrices(
  ctx: Context,
  symbols: readonly TradingSymbol[],
  user?: UserId,
): Promise<ReadonlyMap<TradingSymbol, KnownPrice>> {
  const quotes = await findQuotes(ctx, symbols);
  return newestOf([...(await findMarks(ctx, symbols, user)), ...quotes]);
}

/** The same without the quotes that are in Redis now: what open positions were marked or filled at last. */
export const knownMarks = async (
  ctx: Context,
  symbols: readonly TradingSymbol[],
): Promise<ReadonlyMap<TradingSymbol, KnownPrice>> => newestOf(await findMarks(ctx, symbols, undefined));

type Found = KnownPrice & { symbol: TradingSymbol };

function newestOf(found: readonly Found[]): ReadonlyMap<TradingSymbol, KnownPrice> {
  const known = new Map<TradingSymbol, KnownPrice>();
  for (const { symbol, ...price } of found) {
    const other = known.get(symbol);
    if (!other || !isBefore(price.at, other.at)) known.set(symbol, price);
  }
  return known;
}

/** A price without the time of a quote is that of the latest fill, if it is the same, or was given by hand. */
async function findMarks(
  ctx: Context,
  symbols: readonly TradingSymbol[],
  user: UserId | undefined,
): Promise<Found[]> {
  const whose = user === undefined ? sql`p.status = 'OPEN'` : sql`p.user_id = ${user}`;
  // Aggregates, because a LIMIT would invite a walk through the fills of everyone.
  const { rows } = await sql<Found>`
    SELECT p.symbol, p.current_price AS price,
      coalesce(p.marked_at, CASE WHEN f.price = p.current_price THEN f.at END, p.updated_at) AS at,
      CASE WHEN p.marked_at IS NOT NULL THEN 'quote' WHEN f.price = p.current_price THEN 'fill' ELSE 'mark' END AS source
    FROM positions p CROSS JOIN LATERAL (
      SELECT (array_agg(f.price ORDER BY f.seq DESC))[1] AS price, (array_agg(f.executed_at ORDER BY f.seq DESC))[1] AS at
      FROM order_fills f
      WHERE f.position_id = p.position_id OR (f.order_id = p.order_id AND f.flipped_to = p.position_id)
    ) f
    WHERE p.symbol = ANY(${symbols}) AND ${whose}
      AND (p.status = 'OPEN' OR p.closed_at > clock_timestamp()::timestamp - interval '4 days')`.execute(
    await ctx.db(),
  );
  return rows;
}

async function findQuotes(ctx: Context, symbols: readonly TradingSymbol[]): Promise<Found[]> {
  const { redis } = await ctx.config();
  if (!redis || symbols.length === 0) return [];
  const { quotesInTime } = await import('./reference-price.ts');
  const readings = await quotesInTime(symbols, redis.timeoutMs, ctx, async () => {});
  return readings.flatMap((reading, i) => {
    const symbol = symbols[i];
    const { quote } = reading ?? {};
    return symbol && quote
      ? [{ symbol, price: quote.ltp, at: quote.timestamp, source: 'quote' as const }]
      : [];
  });
}
