import { type Measured, measured, notDefined, TRADING_DAYS } from './measured.ts';
import { mean, quantile } from './statistics.ts';

/** Exposure, the share of trading days on which a position was held, a fraction. Not defined without a day. */
export const exposure = (daysHeld: number, days: number): Measured =>
  days === 0 ? notDefined('there is no day') : measured(daysHeld / days);

/**
 * Turnover a year, `min(bought, sold)·252/(days·mean equity)`, how often the capital was turned over; rupees. Not defined
 * without a day, nor where the mean equity is not above 0.
 */
export function turnover(
  { bought, sold }: { bought: number; sold: number },
  equity: readonly number[],
): Measured {
  if (equity.length === 0) return notDefined('there is no day');
  const middle = mean(equity);
  if (middle <= 0) return notDefined('the mean equity is not above 0');
  return measured((Math.min(bought, sold) * TRADING_DAYS) / (equity.length * middle));
}

/** Holding times in one unit: their median, mean and maximum. Not defined without a trade. */
export function holdingTimes(times: readonly number[]): Record<'median' | 'mean' | 'longest', Measured> {
  if (times.length === 0) {
    const none = notDefined('no trade is closed');
    return { median: none, mean: none, longest: none };
  }
  return {
    median: measured(quantile(times, 0.5)),
    mean: measured(mean(times)),
    longest: measured(times.reduce((a, b) => Math.max(a, b))),
  };
}
