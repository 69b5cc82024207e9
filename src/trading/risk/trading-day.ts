import { type Instant, instant } from '../../domain/instant.ts';
import { startOfDay } from '../../util/time.ts';

/** The times that risk rules depend on, in UTC. */
export interface TradingDay {
  now: Instant;
  /** When the trading day began. */
  dayStart: Instant;
  /** A mark from a quote before this time is stale. */
  staleBefore: Instant;
}

/** The times at a moment, by the settings timeZone and market.staleAfter. */
export async function tradingDayOf(
  now: Date,
  { config }: { config: () => Promise<{ timeZone: string; market: { staleAfterMs: number } }> },
): Promise<TradingDay> {
  const { timeZone, market } = await config();
  return {
    now: instant(now),
    dayStart: instant(startOfDay(now, timeZone)),
    staleBefore: instant(new Date(now.getTime() - market.staleAfterMs)),
  };
}
