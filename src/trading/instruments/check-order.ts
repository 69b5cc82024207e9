import { type RawBuilder, sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import type { OrderId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import {
  type CheckedTerms,
  exchangeProblems,
  instrumentProblems,
  type MarketFacts,
} from '../../domain/order-checks.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { hasStep, INSTRUMENTS_SINCE_STEP } from '../../platform/postgres/schema-phase.ts';
import { unnest } from '../../platform/postgres/unnest.ts';
import { refused } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { meantFirst } from './find-instrument.ts';

/** What an order is checked as: the exchange that it names, or that of an order that is there, or that of the settings. */
export interface CheckedOrder {
  symbol: TradingSymbol;
  exchange?: string | null | undefined;
  order_id?: OrderId | undefined;
}

/**
 * SQL for what is known of an order's instrument and of today, as JSON, to be read by a statement that is sent anyway; NULL
 * where nothing is checked. Looks up a few rows by their keys.
 */
export async function marketFactsOf(
  ctx: Context,
  { symbol, exchange, order_id }: CheckedOrder,
): Promise<RawBuilder<MarketFacts | null>> {
  if (!(await isChecked(ctx))) return sql`NULL::json`;
  const { broker } = await ctx.config();
  const own = sql`(SELECT exchange FROM orders WHERE order_id = ${order_id ?? ''})`;
  const named = exchange == null ? sql`coalesce(${own}, ${broker.exchange})` : sql`${exchange}::varchar`;
  return factsOf(sql`${symbol}::text`, named);
}

/** Whether orders are checked: not where it is switched off, and not on a schema without instruments. */
async function isChecked(ctx: Context): Promise<boolean> {
  return (await ctx.config()).order.checks !== 'off' && hasStep(await ctx.source(), INSTRUMENTS_SINCE_STEP);
}

const factsOf = (symbol: RawBuilder<unknown>, exchange: RawBuilder<unknown>) => sql<MarketFacts>`(
    SELECT json_build_object('exchange', e.exchange,
      'instrument', (
        SELECT json_build_object('trading_symbol', trading_symbol, 'lot', lot, 'tick', tick::float8,
          'freeze_quantity', freeze_quantity, 'expiry', to_char(expiry, 'YYYY-MM-DD'))
        FROM instruments WHERE symbol = e.wanted AND exchange = e.exchange ORDER BY ${meantFirst()} LIMIT 1),
      'has_calendar', EXISTS (SELECT FROM market_days WHERE exchange = e.days_of
        AND day BETWEEN date_trunc('year', e.today)::date AND date_trunc('year', e.today)::date + 365),
      'day', (
        SELECT json_build_object('day', to_char(day, 'YYYY-MM-DD'), 'name', name, 'kind', kind,
          'opens', to_char(opens, 'HH24:MI'), 'closes', to_char(closes, 'HH24:MI'))
        FROM market_days WHERE exchange = e.days_of AND day = e.today),
      'has_derivatives', CASE WHEN EXISTS (SELECT FROM instruments WHERE kind = 'FUT')
        THEN EXISTS (SELECT FROM instruments WHERE kind = 'FUT' AND name = e.wanted) END)
    FROM (
      SELECT n.exchange, n.wanted, (clock_timestamp() AT TIME ZONE 'Asia/Kolkata')::date AS today,
        CASE n.exchange WHEN 'NFO' THEN 'NSE' WHEN 'BFO' THEN 'BSE' ELSE n.exchange END AS days_of
      FROM (SELECT ${exchange} AS exchange, ${symbol} AS wanted) n
    ) e)`;

/** A line of a file with an order that still works. */
interface CheckedLine {
  line: number;
  terms: CheckedTerms & Pick<CheckedOrder, 'symbol' | 'exchange'>;
}

/** The lines of a file that warnings name. */
const MAX_WARNED = 10;

/**
 * The lines of a file whose orders the exchange would not take, where order.checks says refuse; with warn they are warned
 * of, and none is given. Its hours are not looked at: the orders were placed elsewhere, and earlier. One statement for all.
 */
export async function untradable(
  ctx: Context,
  trx: Trx,
  orders: readonly CheckedLine[],
  at: Instant,
): Promise<{ line: number; reason: string }[]> {
  if (!(await isChecked(ctx))) return [];
  const { order, broker } = await ctx.config();
  const exchangeOf = ({ terms }: CheckedLine) => terms.exchange ?? broker.exchange;
  const asked = orders.map((each) => ({ symbol: each.terms.symbol, exchange: exchangeOf(each) }));
  const { rows } = await sql<{ symbol: string; exchange: string; facts: MarketFacts }>`
    SELECT a.symbol, a.exchange, ${factsOf(sql`a.symbol`, sql`a.exchange`)} AS facts
    FROM (SELECT DISTINCT symbol, exchange FROM ${unnest('n', { symbol: 'text', exchange: 'text' }, asked)}) a`.execute(
    trx.db,
  );
  const known = new Map(rows.map(({ symbol, exchange, facts }) => [`${exchange}\n${symbol}`, facts]));
  const found = orders.flatMap((each) => {
    const facts = known.get(`${exchangeOf(each)}\n${each.terms.symbol}`);
    const problems = facts ? instrumentProblems(facts, each.terms, at) : [];
    return problems.length > 0 ? [{ line: each.line, reason: problems.join(' ') }] : [];
  });
  if (order.checks === 'refuse') return found;
  for (const { line, reason } of found.slice(0, MAX_WARNED)) await ctx.io.warn(`Line ${line}: ${reason}`);
  if (found.length > MAX_WARNED)
    await ctx.io.warn(`${pluralize(found.length - MAX_WARNED, 'more line')} like these.`);
  return [];
}

/**
 * Warns of what the exchange would not take, or throws ORDER_UNTRADABLE with it, as the setting order.checks says. `at` is the
 * time of the database.
 */
export async function checkExchange(
  ctx: Context,
  facts: MarketFacts | null,
  terms: CheckedTerms,
  at: Instant,
): Promise<void> {
  if (facts === null) return;
  const problems = exchangeProblems(facts, terms, at);
  if (problems.length === 0) return;
  const { checks } = (await ctx.config()).order;
  if (checks === 'refuse')
    throw refused(
      'ORDER_UNTRADABLE',
      problems.join('\n'),
      'The setting order.checks says refuse; with warn the order is booked, and this is a warning.',
    );
  for (const problem of problems) await ctx.io.warn(problem);
}
