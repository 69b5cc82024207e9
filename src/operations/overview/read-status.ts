import type { Context } from '../../context.ts';
import type { Instant } from '../../domain/instant.ts';
import { formatRupees } from '../../domain/money.ts';
import { exchangeTime, sessionAt } from '../../domain/trading-calendar.ts';
import { hasStep, INSTRUMENTS_SINCE_STEP, type Source } from '../../platform/postgres/schema-phase.ts';
import { readDays } from '../../trading/calendar/store.ts';
import { countUnread, UNREAD_MOST } from '../../trading/notifications/count-unread.ts';
import { formatDuration } from '../../util/duration.ts';
import { pluralize, someOf } from '../../util/text.ts';
import { fail, ok, type Verdict, warn } from '../../util/verdict.ts';
import { undeliveredVerdict } from '../alerts/undelivered.ts';
import { runChecks } from '../health/run-checks.ts';
import { openDay } from './open-day.ts';
import type { Overview } from './overview.ts';

/** Whose hours the day has. */
const EXCHANGE = 'NSE';

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
  const [{ overview }, checks, { redis }] = await Promise.all([
    day.read({ user: undefined, text: '', sort: 'net' }).finally(day.close),
    runChecks(ctx, ({ isSlow }) => !isSlow, false),
    ctx.config(),
  ]);
  const source = await ctx.source();
  const { totals } = overview;
  // A look at the newest is no count.
  const unread = totals.unread < UNREAD_MOST ? totals.unread : await countUnread(source.db);
  const lines = [
    line('day', ok(`${overview.day}: ${await readMarket(source, overview.at)}`)),
    ...bookLines({ ...overview, totals: { ...totals, unread } }, redis !== undefined),
    doctorLine(checks),
  ];
  const helpOf = (state: Verdict['state']) => commandIn(lines.find((each) => each.state === state)?.help);
  const begins = (await isEmpty(source, overview)) ? 'pinnacle user add --help' : undefined;
  return [...lines, line('next', ok(helpOf('fail') ?? begins ?? helpOf('warn') ?? 'pinnacle top'))];
}

/** Whether the exchange trades at a moment. */
async function readMarket(source: Source, at: Instant): Promise<string> {
  const { day } = exchangeTime(at);
  const known = hasStep(source, INSTRUMENTS_SINCE_STEP)
    ? await readDays(source, EXCHANGE, { from: day, to: day })
    : [];
  const { state, reason, opens, closes } = sessionAt(EXCHANGE, at, known[0]);
  if (state === 'closed') return `${EXCHANGE} is closed: ${reason}`;
  return state === 'pre-open' ? `${EXCHANGE} opens at ${opens}` : `${EXCHANGE} is open until ${closes}`;
}

/** The first command of a help, which may say what to do with it. */
const commandIn = (help: string | null | undefined) => /^pinnacle [^;]+/.exec(help ?? '')?.[0];

/** Whether there is no user at all. */
const isEmpty = async ({ db }: Source, { totals }: Overview) =>
  totals.traders === 0 &&
  (await db.selectFrom('users').select('user_id').limit(1).executeTakeFirst()) === undefined;

/** The one user whom all of these are about; undefined where they are of several, or more than are listed. */
function onlyUser(rows: readonly { user_id: string | null }[], count: number): string | undefined {
  const users = new Set(rows.map(({ user_id }) => user_id));
  const [user] = users;
  return users.size === 1 && rows.length === count ? (user ?? undefined) : undefined;
}

/** What the book says of the day. */
function bookLines({ at, totals, ages, halts, rules, undelivered }: Overview, hasRedis: boolean): Line[] {
  const { traders, in_session, working, positions, violated, unevaluated, unread, critical } = totals;
  const rupees = (amount: string) => formatRupees(amount);
  const orderAge =
    ages.oldest_order === null
      ? ''
      : `, the oldest ${formatDuration(Date.parse(at) - Date.parse(ages.oldest_order))} old`;
  const halted = onlyUser(halts, totals.halts);
  const breaker = onlyUser(rules, violated + unevaluated);
  const delivery = undeliveredVerdict(undelivered);
  return [
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
            halted === undefined ? 'pinnacle risk status' : `pinnacle risk status ${halted}`,
          ),
      totals.halts,
    ),
    line(
      'rules',
      violated + unevaluated === 0
        ? ok('no rule is violated, as of the last risk check')
        : fail(
            `${violated} violated, ${unevaluated} cannot be evaluated`,
            breaker === undefined ? 'pinnacle risk check' : `pinnacle risk check ${breaker}`,
          ),
      violated + unevaluated,
    ),
    line('orders', ok(`${pluralize(working, 'working order')}${orderAge}`), working),
    line(
      'positions',
      ages.stale_marks === 0
        ? ok(`${pluralize(positions, 'open position')}`)
        : warn(
            `${pluralize(positions, 'open position')}, ${ages.stale_marks} with a stale mark`,
            hasRedis ? 'pinnacle position mark --from-cache' : 'pinnacle position mark --help',
          ),
      positions,
    ),
    line(
      'P&L',
      ok(
        `net ${rupees(totals.net_pnl)}, unrealized ${rupees(totals.unrealized_pnl)}, charges ${rupees(totals.charges)}`,
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
    line('delivery', { ...delivery, help: commandIn(delivery.help) ?? null }, undelivered.dead),
  ];
}

/** The checks in one line: those that do not pass, by name, and what helps with the first. */
function doctorLine(checks: readonly (Verdict & { check: string })[]): Line {
  const named = (state: Verdict['state']) => checks.filter((each) => each.state === state);
  const [failed, warned] = [named('fail'), named('warn')];
  const [worst] = [...failed, ...warned];
  if (!worst) return line('doctor', ok(`${checks.length} quick checks pass`), 0);
  const listed = (title: string, those: typeof failed) =>
    those.length > 0 ? [`${title}: ${those.map(({ check }) => check).join(', ')}`] : [];
  const detail = [...listed('failed', failed), ...listed('warnings', warned)].join('; ');
  const help = commandIn(worst.help) ?? ['pinnacle doctor', '--check', worst.check].join(' ');
  const count = failed.length + warned.length;
  return line('doctor', failed.length > 0 ? fail(detail, help) : warn(detail, help), count);
}
