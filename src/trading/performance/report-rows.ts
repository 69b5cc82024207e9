import type { Performance } from './read-performance.ts';

/** The performance of all together, and of users alone, the worst first. */
export interface Report {
  all: Performance;
  users: readonly Performance[];
}

/** The value of a figure; null where it is not defined. */
const figureValue = ({ figures }: Performance, name: string): number | null =>
  figures.find(({ figure }) => figure === name)?.value ?? null;

/** A user in one row: net P&L, and what is asked first. */
export const userRow = (found: Performance) => ({
  user_id: found.user_id,
  net_pnl: figureValue(found, 'net_pnl'),
  return: figureValue(found, 'time_weighted_return'),
  drawdown: figureValue(found, 'max_drawdown'),
  sharpe: figureValue(found, 'sharpe'),
  trades: figureValue(found, 'trades'),
});
