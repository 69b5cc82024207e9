import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { dayAfter } from '../../domain/day.ts';
import { FLOWS_SINCE_STEP, needStep } from '../../platform/postgres/schema-phase.ts';
import { readEquityDay } from '../../trading/equity/equity-day.ts';
import { pluralize, someOf } from '../../util/text.ts';
import { checkLedger } from '../health/check-ledger.ts';
import { dayPage } from './day-page.ts';
import { type DayReport, readDay } from './read-day.ts';

/**
 * What happened on a trading day, of everybody: a Finding where something needs a person. `page` is the same as one HTML file.
 * Throws PHASE_NEEDED, and a usage error for a day that is still to come.
 */
export async function reportDay(ctx: Context, asked: string | undefined) {
  const source = await ctx.source();
  needStep(source, FLOWS_SINCE_STEP);
  const chosen = await readEquityDay(ctx, source, asked, '--date');
  const { halted, violated, incomplete, missing, working, ...day } = await readDay(source, chosen);
  const { rows } = await checkLedger(source, undefined, false);
  const broken = [...new Set(rows.filter(({ state }) => state === 'fail').map(({ check }) => check))];
  const ledger =
    broken.length === 0 ? `${pluralize(rows.length, 'invariant')} hold` : `violated: ${someOf(broken)}`;
  // What is open now is listed whenever it began; of an earlier day what began on it.
  const ofDay = chosen.isLatest ? '' : ` --since ${day.day} --until ${dayAfter(day.day)}`;
  const needs = (found: number, what: string) => (found > 0 ? [{ what }] : []);
  const attention = [
    ...needs(broken.length, `The ledger is violated: ${someOf(broken)}. Run: pinnacle doctor ledger`),
    ...needs(halted, `Trading is halted by ${pluralize(halted, 'halt')}. See: pinnacle risk status`),
    ...needs(violated, `${pluralize(violated, 'risk rule')} violated. Run: pinnacle risk check`),
    ...needs(
      missing,
      `${pluralize(missing, 'user')} with positions but no equity snapshot. Run: pinnacle report snapshot ${day.day}`,
    ),
    ...needs(
      incomplete,
      `${pluralize(incomplete, 'user')} with positions that lack a price of the end of the day. Run: pinnacle report rebuild --prices FILE`,
    ),
    ...working.flatMap(({ status, orders, older }) =>
      needs(
        orders,
        `${pluralize(orders, 'order')} neither filled nor ended, ${status}, ${older} of earlier days. See: pinnacle order list --status ${status}${ofDay}`,
      ),
    ),
  ];
  const report: DayReport = { ...day, ledger, attention };
  return {
    result: attention.length > 0 ? new Finding(report) : report,
    page: async () => dayPage(report, ctx.now().toISOString(), await ctx.timeZone()),
    isFound: attention.length > 0,
    isQuiet: day.traders.length + day.orders.length === 0,
  };
}
