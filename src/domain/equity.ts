import type { UserId } from './id.ts';
import type { Instant } from './instant.ts';
import { type Rupees, toPaisa } from './money.ts';

/**
 * A running session while fills are booked. Sums are in whole paisa, so that they are exact and a batch has the same
 * result as one fill after the other; peak and drawdown are in the units of their columns, rupees and percent.
 */
export interface BookSession {
  session_id: string;
  user_id: UserId;
  start_time: Instant;
  /** The capital that it started with. */
  start: number;
  /** capital_at_start + total_pnl + the unrealized P&L of every open position of the user. */
  equity: number;
  peak_equity: number;
  max_drawdown: number;
  /** The amounts that the fills being booked add. */
  realized: number;
  successful: number;
}

/** Applies one fill to a session, in place: its realized P&L, and the unrealized P&L (rupees) before and after it. */
export function moveEquity(
  session: BookSession,
  realized: Rupees,
  [before, after]: readonly [number, number],
  completes: boolean,
): BookSession {
  const credited = inPaisa(realized);
  session.realized += credited;
  session.successful += completes ? 1 : 0;
  session.equity += credited + inPaisa(after) - inPaisa(before);
  const equity = session.equity / 100;
  session.peak_equity = Math.max(session.peak_equity, equity);
  session.max_drawdown = Math.max(session.max_drawdown, drawdown(session.peak_equity, equity));
  return session;
}

/**
 * Applies history from before a session, in place: what it started with, equity and peak move, and its drawdown does not,
 * as if it had been booked when it was executed. The amounts are those of `moveEquity`.
 */
export function moveStart(
  session: BookSession,
  realized: Rupees,
  [before, after]: readonly [number, number],
): BookSession {
  const credited = inPaisa(realized);
  const moved = credited + inPaisa(after) - inPaisa(before);
  session.start += credited;
  session.equity += moved;
  session.peak_equity = Math.max(inPaisa(session.peak_equity) + moved, session.start) / 100;
  return session;
}

/**
 * Peak (rupees) and drawdown (percent) of a session after a correction moved its equity by `moved` rupees, `start` of which
 * its capital at start: a gain that never was leaves the peak, and a loss that never was the drawdown. What else made
 * them is not recorded, so they move by no more than that; what the other executions prove is kept beside this.
 */
export function correctExtremes(
  session: Pick<BookSession, 'peak_equity' | 'max_drawdown'>,
  moved: number,
  start: number,
): Pick<BookSession, 'peak_equity' | 'max_drawdown'> {
  const peak_equity = (inPaisa(session.peak_equity) + inPaisa(moved < 0 ? moved : Math.max(start, 0))) / 100;
  const forgiven = moved > 0 && peak_equity > 0 ? (moved * 100) / peak_equity : 0;
  return { peak_equity, max_drawdown: Math.max(0, session.max_drawdown - forgiven) };
}

/**
 * `(peak - equity) / peak` in percent; 0 if the peak is not positive. Computed from whole paisa with the division last:
 * a ratio of doubles makes 29 percent 28.999999999999996, which a limit of 29 would let pass.
 */
export function drawdown(peak: number, equity: number): number {
  const top = Math.round(peak * 100);
  const stands = Math.round(equity * 100);
  return top > 0 ? ((top - stands) * 100) / top : 0;
}

/** Rupees as a whole number of paisa. */
export function inPaisa(rupees: number | string): number {
  return rupees === 0 ? 0 : Math.round(Number(typeof rupees === 'number' ? toPaisa(rupees) : rupees) * 100);
}
