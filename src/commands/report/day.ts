import { defineCommand } from '../../cli/command.ts';
import { day as dayFlag, formerly, optional } from '../../cli/flags.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { reportFlags, reportFormat, writeReport } from '../_shared/report-file.ts';
import { isForPerson } from '../_shared/totals.ts';
import { tradingDayFields } from './day-fields.ts';

const FORMATS = ['html'] as const;

export const day = defineCommand({
  effect: 'read',
  roles: ['auditor', 'operator'],
  phase: 4,
  verdict: true,
  streams: () => false,
  args: {
    date: formerly(
      'flag',
      optional(
        dayFlag('the trading day (default: the latest on which trading began, or something was executed)'),
      ),
    ),
  },
  flags: {
    ...reportFlags(FORMATS, 'one page for a browser or a mail'),
  },
  fields: tradingDayFields,
  examples: ['report day', 'report day 2026-01-30 --json traders,attention', 'report day --output day.html'],
  details: `The trading day of everybody on one page: P&L gross and net of each trader, the worst first, drawdown, orders by status,
rejections by reason, risk alerts, halts, open positions by value, whether the ledger holds, and what needs a person: it ends 6
if anything does. Positions are those of now, so an earlier day has none. --output writes one HTML file, which needs neither network nor
server.`,
  async run({ date, format, output, force }, ctx: Context) {
    const drawing = reportFormat({ format, output }, FORMATS);
    const { reportDay } = await import('../../operations/day-report/report-day.ts');
    const { result, page, isFound, isQuiet } = await reportDay(ctx, date);
    if (drawing === undefined) {
      if (isQuiet && isForPerson(ctx))
        await ctx.io.say('Nothing was ordered or executed on this day. Other days: pinnacle report months');
      return result;
    }
    const written = await writeReport(ctx, { output, force }, await page());
    return isFound && 'file' in written ? new Finding(written) : written;
  },
});
