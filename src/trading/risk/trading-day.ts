import { startOfDay } from '../../util/time.ts';

/** What time it is to the risk rules; all in UTC. */
export interface TradingDay {
  now: string;
  /** When the trading day began. */
  dayStart: string;
  /** A position that was marked from a quote of before is worth nobody knows what. */
  staleBefore: string;
}

/** The clock of a moment, by the settings timeZone and market.staleAfter. */
export async function tradingDayOf(
  now: Date,
  { config }: { config: () => Promise<{ timeZone: string; staleAfter: number }> },
): Promise<TradingDay> {
  const { timeZone, staleAfter } = await config();
  return {
    now: now.toISOString(),
    dayStart: startOfDay(now, timeZone).toISOString(),
    staleBefore: new Date(now.getTime() - staleAfter).toISOString(),
  };
}
