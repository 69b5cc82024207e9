import { holdingTimes } from './activity.ts';
import { count, type Figure, percent, rupees, shown } from './figure.ts';
import { measured, notDefined } from './measured.ts';
import * as trade from './trades.ts';

/** Closed trades, in the order of their ends: their results in rupees, and how long they were held. */
export interface Trades {
  results: readonly number[];
  seconds: readonly number[];
}

const SECONDS_AN_HOUR = 3_600;

/** What the closed trades of an account came to. */
export function tradeFigures({ results, seconds }: Trades): Figure[] {
  const streaks = trade.streaksOf(results);
  const held = holdingTimes(seconds.map((each) => each / SECONDS_AN_HOUR));
  const none = notDefined('no trade is closed');
  const extreme = (of: (a: number, b: number) => number) =>
    results.length === 0 ? none : measured(results.reduce((a, b) => of(a, b)));
  const among = (is: (result: number) => boolean) =>
    results.reduce((n, result) => n + (is(result) ? 1 : 0), 0);
  return [
    count('trades', results.length),
    count(
      'wins',
      among((result) => result > 0),
    ),
    count(
      'losses',
      among((result) => result < 0),
    ),
    count(
      'break_even',
      among((result) => result === 0),
    ),
    percent('win_rate', trade.winRate(results)),
    shown('profit_factor', 'ratio', trade.profitFactor(results)),
    shown('payoff', 'ratio', trade.payoff(results)),
    rupees('expectancy', trade.expectancy(results)),
    rupees('average_win', trade.averageWin(results)),
    rupees('average_loss', trade.averageLoss(results)),
    rupees('best_trade', extreme(Math.max)),
    rupees('worst_trade', extreme(Math.min)),
    shown('system_quality', 'ratio', trade.systemQuality(results)),
    percent('kelly', trade.kelly(results)),
    count('longest_winning_streak', streaks.wins),
    count('longest_losing_streak', streaks.losses),
    count('current_streak', streaks.current),
    shown('median_holding_time', 'hours', held.median),
    shown('mean_holding_time', 'hours', held.mean),
    shown('longest_holding_time', 'hours', held.longest),
  ];
}
