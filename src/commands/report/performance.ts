import { defineCommand } from '../../cli/command.ts';
import { choice, day, decimal, inputFile, integer, optional, parsed, withDefault } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { strategyId, userId } from '../../domain/id.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import { drawReport } from '../../trading/performance/draw-report.ts';
import { userRow } from '../../trading/performance/report-rows.ts';
import { usage } from '../../util/failure.ts';
import { requireOrder } from '../_shared/days.ts';
import { reportFlags, reportFormat, writeReport } from '../_shared/report-file.ts';
import { isForPerson } from '../_shared/totals.ts';
import { dayFields, performanceFields } from './fields.ts';
import { CHARTS, terminalCharts } from './terminal-charts.ts';

const FORMATS = ['html', 'svg', 'csv'] as const;
const USERS = 20;

export const performance = defineCommand({
  effect: 'read',
  reads: 'replica',
  streams: () => false,
  phase: 2,
  args: {},
  flags: {
    user: optional(parsed(userId, 'USER', 'of this user (default: all together)')),
    strategy: optional(parsed(strategyId, 'STRATEGY', 'of this strategy')),
    symbol: optional(parsed(tradingSymbol, 'SYMBOL', 'of this symbol')),
    since: optional(day('from this trading day on (default: the first on which something moved)')),
    until: optional(day('up to this trading day, included (default: the last on which something moved)')),
    by: optional(choice(['user'], 'WHAT', 'each user, too, the one who lost most first')),
    limit: {
      ...optional(integer('N', 'with --by: at most this many users', 1, 1_000)),
      fallback: `${USERS}`,
    },
    benchmark: optional(inputFile('closes of an index to compare with: CSV of date,close')),
    riskFree: withDefault(decimal('PERCENT', 'the risk-free rate of the Sharpe ratio, a year', 0, 100), '0'),
    chart: withDefault(choice(CHARTS, 'HOW', 'how a terminal shows charts; auto goes by the locale'), 'auto'),
    ...reportFlags(FORMATS, 'a page, the chart of capital and drawdown, or its days'),
  },
  fields: performanceFields,
  examples: [
    'report performance --user trader_001',
    'report performance --user trader_001 --since 2026-04-01 --risk-free 6.5',
    'report performance --strategy rsi_dmi --json figures',
    'report performance --by user --output report.html',
    'report performance --user trader_001 --format svg > equity.svg',
  ],
  details: `Figures after booked charges. Open positions count at marks where every day has an equity snapshot (report snapshot, report
rebuild), else at cost throughout: basis says which, notes the days that lack one. What is not defined has a reason
in place of a value. A strategy or a symbol has no capital, so no returns. --json also has the equity of every day, months, weekdays, hours,
symbols, strategies, a histogram of trades, the best, the worst and the latest. A terminal shows charts beneath the figures.
--output writes one HTML file with pictures, which needs neither network nor server. Formulas: docs/reports.md.`,
  charts: terminalCharts,
  async run({ benchmark, riskFree, by, limit, format, output, force, chart: _, ...scope }, ctx: Context) {
    requireOrder(scope);
    if (limit !== undefined && by === undefined) throw usage('--limit is for --by user.');
    const drawing = reportFormat({ format, output }, FORMATS);
    if (drawing === 'svg' && by !== undefined)
      throw usage('A chart alone shows one account.', 'Leave out --by, or write HTML.');
    const { readReport } = await import('../../trading/performance/read-report.ts');
    const users = by === undefined ? 0 : (limit ?? USERS);
    const report = await readReport(ctx, scope, { benchmark, riskFree, users });
    if (drawing !== undefined)
      return writeReport(ctx, { output, force }, await drawReport(ctx, report, drawing, dayFields));
    if (report.all.since === null && isForPerson(ctx))
      await ctx.io.say('Nothing was executed or paid in this time. To begin: pinnacle order place');
    return { ...report.all, users: report.users.map(userRow) };
  },
});
