import { defineCommand } from '../../cli/command.ts';
import { choice, day, optional, parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { strategyId, userId } from '../../domain/id.ts';
import { financialYear } from '../../domain/performance/financial-year.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import { usage } from '../../util/failure.ts';
import { requireOrder } from '../_shared/days.ts';
import { tradeFields } from './fields.ts';

export const trades = defineCommand({
  effect: 'read',
  phase: 2,
  args: {},
  flags: {
    user: optional(parsed(userId, 'USER', 'of this user (default: all)')),
    strategy: optional(parsed(strategyId, 'STRATEGY', 'of this strategy')),
    symbol: optional(parsed(tradingSymbol, 'SYMBOL', 'in this symbol')),
    since: optional(day('ended on this trading day or later')),
    until: optional(day('ended up to this trading day, included')),
    year: optional(
      parsed(financialYear, 'YEAR', 'ended in this financial year, April to March, such as 2025-26'),
    ),
    holding: optional(
      choice(
        ['intraday', 'delivery', 'overnight'],
        'KIND',
        'that ended on the day of their begin, or later; overnight are futures and options',
      ),
    ),
  },
  fields: tradeFields,
  madeBy: 'position close',
  examples: [
    'report trades --user trader_001 --since 2026-04-01',
    'report trades --user trader_001 --year 2025-26 --holding delivery --csv',
  ],
  details: `A trade is a position from flat to flat, at the mean prices of its entries and exits; the first to end comes first. Charges of a
day and exchange are shared out by value; unless each of its executions has some there is no net. Long term is a long position held more than
twelve months. Shares are not told apart as first in, first out.`,
  async run({ year, ...filter }, ctx: Context) {
    if (year && (filter.since ?? filter.until) !== undefined)
      throw usage('--year stands for --since and --until: leave them out.');
    requireOrder(filter);
    const { readRoundTrips } = await import('../../trading/performance/stream.ts');
    return readRoundTrips(ctx, { ...filter, ...year });
  },
});
