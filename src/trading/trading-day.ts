import type { Context } from '../context.ts';
import { type Instant, instant } from '../domain/instant.ts';
import { serverNow } from '../platform/postgres/server-clock.ts';
import { startOfDay } from '../util/time.ts';

/** The times that risk rules depend on, in UTC. */
export interface TradingDay {
  /** By the clock of the database: the clock of a client decides nothing. */
  now: Instant;
  /** When the trading day began. */
  dayStart: Instant;
  /** A mark from a quote before this time is stale. */
  staleBefore: Instant;
}

/** The times at this moment, by the clock of the database and the settings timeZone and market.staleAfter. */
export async function tradingDayOf(ctx: Pick<Context, 'db' | 'config'>): Promise<TradingDay> {
  const { timeZone, market } = await ctx.config();
  const now = await serverNow(await ctx.db());
  const at = new Date(now);
  return {
    now,
    dayStart: instant(startOfDay(at, timeZone)),
    staleBefore: instant(new Date(at.getTime() - market.staleAfterMs)),
  };
}
