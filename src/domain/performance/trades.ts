import { type Measured, measured, NO_DEVIATION, notDefined } from './measured.ts';
import { deviation, mean, sum } from './statistics.ts';

const wins = (results: readonly number[]) => results.filter((each) => each > 0);
const losses = (results: readonly number[]) => results.filter((each) => each < 0);

const NO_WIN = notDefined('no trade has a gain');
const NO_LOSS = notDefined('no trade has a loss');
const NEITHER = notDefined('no trade has a gain or a loss');

/** Win rate, `wins/(wins + losses)`, a fraction; what broke even is in neither. Not defined without either. */
export function winRate(results: readonly number[]): Measured {
  const won = wins(results).length;
  const decided = won + losses(results).length;
  return decided === 0 ? NEITHER : measured(won / decided);
}

/** The mean result of the trades with a gain, rupees. Not defined without one. */
export function averageWin(results: readonly number[]): Measured {
  const won = wins(results);
  return won.length === 0 ? NO_WIN : measured(mean(won));
}

/** The mean result of the trades with a loss, rupees below 0. Not defined without one. */
export function averageLoss(results: readonly number[]): Measured {
  const lost = losses(results);
  return lost.length === 0 ? NO_LOSS : measured(mean(lost));
}

/** Profit factor, `Σ wins/|Σ losses|`. Not defined without a loss. */
export function profitFactor(results: readonly number[]): Measured {
  const lost = losses(results);
  return lost.length === 0 ? NO_LOSS : measured(sum(wins(results)) / Math.abs(sum(lost)));
}

/** Payoff ratio, mean win by mean loss without its sign. Not defined without both. */
export function payoff(results: readonly number[]): Measured {
  const win = averageWin(results);
  const loss = averageLoss(results);
  if (win.value === null) return win;
  return loss.value === null ? loss : measured(win.value / Math.abs(loss.value));
}

/**
 * Expectancy, `win rate·mean win + loss rate·mean loss`, rupees a trade; what broke even is in neither rate. Not defined
 * without a gain or a loss.
 */
export function expectancy(results: readonly number[]): Measured {
  const decided = results.filter((each) => each !== 0);
  return decided.length === 0 ? NEITHER : measured(mean(decided));
}

/** System quality number, `√n·mean/sd` of the results. Not defined of fewer than 2 trades, nor where they do not differ. */
export function systemQuality(results: readonly number[]): Measured {
  if (results.length < 2) return notDefined('fewer than 2 trades');
  const sd = deviation(results);
  if (sd < NO_DEVIATION) return notDefined('the trades do not differ');
  return measured((Math.sqrt(results.length) * mean(results)) / sd);
}

/** Kelly fraction, `p − (1 − p)/payoff` with the win rate p. Not defined where the payoff is not. */
export function kelly(results: readonly number[]): Measured {
  const rate = winRate(results);
  const ratio = payoff(results);
  if (rate.value === null) return rate;
  return ratio.value === null ? ratio : measured(rate.value - (1 - rate.value) / ratio.value);
}

/** The longest runs of wins and of losses, and the run at the end: above 0 of wins, below 0 of losses. */
export interface Streaks {
  wins: number;
  losses: number;
  current: number;
}

/** The streaks of results in the order of their trades; what breaks even ends either. 0 without a trade. */
export function streaksOf(results: readonly number[]): Streaks {
  const streaks = { wins: 0, losses: 0, current: 0 };
  for (const result of results) {
    const sign = Math.sign(result);
    streaks.current = sign !== 0 && sign === Math.sign(streaks.current) ? streaks.current + sign : sign;
    streaks.wins = Math.max(streaks.wins, streaks.current);
    streaks.losses = Math.max(streaks.losses, -streaks.current);
  }
  return streaks;
}

/**
 * The worst and the best unrealized result of a trade, rupees, of the lowest and the highest mark of its life:
 * `(mark − entry)·quantity`, negated for a SHORT. Nothing keeps marks yet.
 * @public
 */
export function excursions(trade: {
  side: 'LONG' | 'SHORT';
  entry: number;
  quantity: number;
  low: number;
  high: number;
}): { adverse: number; favourable: number } {
  const sign = trade.side === 'LONG' ? 1 : -1;
  const results = [trade.low, trade.high].map((mark) => (mark - trade.entry) * trade.quantity * sign);
  return { adverse: Math.min(...results) + 0, favourable: Math.max(...results) + 0 };
}
