import type { Context } from '../../context.ts';
import { formatRupees } from '../../domain/money.ts';
import { formatDuration } from '../../util/duration.ts';
import { pluralize, someOf } from '../../util/text.ts';
import { fail, ok, type Verdict, warn } from '../../util/verdict.ts';
import { runChecks } from '../health/run-checks.ts';
import { openDay } from './open-day.ts';
import type { Overview } from './overview.ts';

/** A line of the status: how things stand, and how many or how much it is about. */
interface Line extends Verdict, Record<string, unknown> {
  about: string;
  count: number | null;
  amount: string | null;
}

const line = (
  about: string,
  verdict: Verdict,
  count: number | null = null,
  amount: string | null = null,
): Line => ({
  about,
  ...verdict,
  count,
  amount,
});

/** The trading day in a line each, the last of which names the command that comes next. Throws PHASE_NEEDED. */
export async function readStatus(ctx: Context): Promise<Line[]> {
  const day = openDay(ctx);
  const [{ overview }, checks] = await Promise.all([
    day.read({ user: undefined, text: '', sort: 'net' }).finally(day.close),
    runChecks(ctx, ({ isSlow }) => !isSlow, false),
  ]);
  const lines = [...dayLines(overview), doctorLine(checks)];
  const next = lines.find(({ state }) => state === 'fail') ?? lines.find(({ state }) => state === 'warn');
  return [...lines, line('next', ok(next?.help ?? 'pinnacle top'))];
}

/** What the book says of the day. */
function dayLines({ at, day, totals, ages, halts }: Overview): Line[] {
  const { traders, in_session, working, positions, violated, unevaluated, unread, critical } = totals;
  const rupees = (amount: string) => formatRupees(amount);
  const orderAge =
    ages.oldest_order === null
      ? ''
      : `, the oldest ${formatDuration(Date.parse(at) - Date.parse(ages.oldest_order))} old`;
  return [
    line('day', ok(day)),
    line(
      'traders',
      ok(`${pluralize(traders, 'trader')} with something open, working, executed or running`),
      traders,
    ),
    line('sessions', ok(`${pluralize(in_session, 'trading session')} running`), in_session),
    line(
      'halts',
      totals.halts === 0
        ? ok('nobody is halted')
        : fail(
            `halted: ${someOf(
              halts.map(({ user_id }) => user_id ?? 'everyone'),
              5,
            )}`,
            'pinnacle risk status',
          ),
      totals.halts,
    ),
    line(
      'rules',
      violated + unevaluated === 0
        ? ok('no rule is violated, as of the last risk check')
        : fail(`${violated} violated, ${unevaluated} cannot be evaluated`, 'pinnacle risk check'),
      violated + unevaluated,
    ),
    line('orders', ok(`${pluralize(working, 'working order')}${orderAge}`), working),
    line(
      'positions',
      ages.stale_marks === 0
        ? ok(`${pluralize(positions, 'open position')}`)
        : warn(
            `${pluralize(positions, 'open position')}, ${ages.stale_marks} with a stale mark`,
            'pinnacle position mark --from-cache',
          ),
      positions,
    ),
    line(
      'P&L',
      ok(
        `net ${rupees(totals.net_pnl)}: realized ${rupees(totals.realized_pnl)}, charges ${rupees(totals.charges)}; unrealized ${rupees(totals.unrealized_pnl)}`,
      ),
      null,
      totals.net_pnl,
    ),
    line(
      'alerts',
      critical === 0
        ? ok(`${unread} unread, none CRITICAL`)
        : fail(
            `${unread} unread, ${critical} CRITICAL`,
            'pinnacle notification list --unread --level critical',
          ),
      unread,
    ),
  ];
}

/** The checks in one line: the worst of them, by name. */
function doctorLine(checks: readonly (Verdict & { check: string })[]): Line {
  const named = (state: Verdict['state']) =>
    checks.filter((each) => each.state === state).map(({ check }) => check);
  const [failed, warned] = [named('fail'), named('warn')];
  const both = [
    ...(failed.length > 0 ? [`failed: ${failed.join(', ')}`] : []),
    ...(warned.length > 0 ? [`warnings: ${warned.join(', ')}`] : []),
  ].join('; ');
  const help = 'pinnacle doctor';
  if (failed.length > 0) return line('doctor', fail(both, help), failed.length + warned.length);
  if (warned.length > 0) return line('doctor', warn(both, help), warned.length);
  return line('doctor', ok(`${checks.length} quick checks pass`), 0);
}
