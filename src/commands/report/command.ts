import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  performance: verb(
    'Returns, risk and trades of a user, a strategy or a symbol',
    async () => (await import('./performance.ts')).performance,
  ),
  months: verb(
    'Capital, P&L and return by month, of one user or of all',
    async () => (await import('./months.ts')).months,
  ),
  day: verb('The trading day of everybody on one page', async () => (await import('./day.ts')).day),
  snapshot: verb(
    'Take down what every user is worth at the end of the trading day',
    async () => (await import('./snapshot.ts')).snapshot,
  ),
  rebuild: verb(
    'Take down past days again, of executions and a file of closing prices',
    async () => (await import('./rebuild.ts')).rebuild,
  ),
  trades: verb(
    'Trades from entry to exit, for a journal or a tax adviser',
    async () => (await import('./trades.ts')).trades,
  ),
};
