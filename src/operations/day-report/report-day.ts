import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { FLOWS_SINCE_STEP, needStep } from '../../platform/postgres/schema-phase.ts';
import { refuseFuture, tradingDate } from '../../trading/flows/move-money.ts';
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
  if (asked !== undefined) refuseFuture(asked, await tradingDate(source.db));
  const { violated, incomplete, missing, working, is_latest, ...day } = await readDay(source, asked);
  const { rows } = await checkLedger(source, undefined, false);
  const broken = [...new Set(rows.filter(({ state }) => state === 'fail').map(({ check }) => check))];
  const ledger =
    broken.length === 0 ? `${pluralize(rows.length, 'invariant')} hold` : `violated: ${someOf(broken)}`;
  const active = day.halts.filter(({ resumed_at }) => resumed_at === null).length;
  const needs = (found: number, what: string) => (found > 0 ? [{ what }] : []);
  const attention = [
    ...needs(broken.length, `The ledger is violated: ${someOf(broken)}. Run: pinnacle doctor ledger`),
    ...needs(active, `Trading is halted by ${pluralize(active, 'halt')}. See: pinnacle risk status`),
    ...(is_latest
      ? [
          ...needs(violated, `${pluralize(violated, 'risk rule')} violated. Run: pinnacle risk check`),
          ...needs(
            missing,
            `${pluralize(missing, 'user')} with positions but no equity snapshot. Run: pinnacle report snapshot`,
          ),
        ]
      : []),
    ...needs(
      incomplete,
      `${pluralize(incomplete, 'user')} with positions that lack a price of the day. See: pinnacle report snapshot --day ${day.day}`,
    ),
    ...needs(
      working,
      `${pluralize(working, 'order')} of the day neither filled nor ended. See: pinnacle order list --status working`,
    ),
  ];
  const report: DayReport = { ...day, ledger, attention };
  return {
    result: attention.length > 0 ? new Finding(report) : report,
    page: async () => dayPage(report, ctx.now().toISOString(), await ctx.timeZone()),
    isFound: attention.length > 0,
  };
}
