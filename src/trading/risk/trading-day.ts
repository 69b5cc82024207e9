import { type Instant, instant } from '../../domain/instant.ts';
import { startOfDay } from '../../util/time.ts';

/** What time it is to the risk rules; all in UTC. */
export interface TradingDay {
  now: Instant;
  /** When the trading day began. */
  dayStart: Instant;
  /** A position that was marked from a quote of before is worth nobody knows what. */
  staleBefore: Instant;
}

/** The clock of a moment, by the settings timeZone and market.staleAfter. */
export async function tradingDayOf(
  now: Date,
  { config }: { config: () => Promise<{ timeZone: string; staleAfter: number }> },
): Promise<TradingDay> {
  const { timeZone, staleAfter } = await config();
  return {
    now: instant(now),
    dayStart: instant(startOfDay(now, timeZone)),
    staleBefore: instant(new Date(now.getTime() - staleAfter)),
  };
}
