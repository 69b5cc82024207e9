import { defineCommand } from '../../cli/command.ts';
import { day, decimal, inputFile, optional, parsed, withDefault } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { strategyId, userId } from '../../domain/id.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import { requireOrder } from '../_shared/days.ts';
import { performanceFields } from './fields.ts';

export const performance = defineCommand({
  effect: 'read',
  reads: 'replica',
  phase: 2,
  args: {},
  flags: {
    user: optional(parsed(userId, 'USER', 'of this user (default: all together)')),
    strategy: optional(parsed(strategyId, 'STRATEGY', 'of this strategy')),
    symbol: optional(parsed(tradingSymbol, 'SYMBOL', 'of this symbol')),
    since: optional(day('from this trading day on (default: the first on which something moved)')),
    until: optional(day('up to this trading day, included (default: the last on which something moved)')),
    benchmark: optional(inputFile('closes of an index to compare with: CSV of date,close')),
    riskFree: withDefault(decimal('PERCENT', 'the risk-free rate of the Sharpe ratio, a year', 0, 100), '0'),
  },
  fields: performanceFields,
  examples: [
    'report performance --user trader_001',
    'report performance --user trader_001 --since 2026-04-01 --risk-free 6.5',
    'report performance --strategy rsi_dmi --json figures',
  ],
  details: `Figures of what was realized, after booked charges; open positions count at cost. What is not defined has a reason
in place of a value. A strategy or a symbol has no capital, so no returns. --json also has the equity of every day, months, weekdays, hours,
symbols, strategies, the best and the worst trades. Formulas: docs/reports.md.`,
  async run({ benchmark, riskFree, ...scope }, ctx: Context) {
    requireOrder(scope);
    const { readPerformance } = await import('../../trading/performance/read-performance.ts');
    return readPerformance(ctx, scope, { benchmark, riskFree });
  },
});
