import { type RawBuilder, sql } from 'kysely';
import type { Context } from '../../context.ts';
import type { OrderId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import { type CheckedTerms, exchangeProblems, type MarketFacts } from '../../domain/order-checks.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { hasStep, INSTRUMENTS_SINCE_STEP } from '../../platform/postgres/schema-phase.ts';
import { refused } from '../../util/failure.ts';
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
  const [source, { order, broker }] = [await ctx.source(), await ctx.config()];
  if (order.checks === 'off' || !hasStep(source, INSTRUMENTS_SINCE_STEP)) return sql`NULL::json`;
  const own = sql`(SELECT exchange FROM orders WHERE order_id = ${order_id ?? ''})`;
  const named = exchange == null ? sql`coalesce(${own}, ${broker.exchange})` : sql`${exchange}::varchar`;
  return sql`(
    SELECT json_build_object('exchange', e.exchange,
      'instrument', (
        SELECT json_build_object('trading_symbol', trading_symbol, 'lot', lot, 'tick', tick::float8,
          'freeze_quantity', freeze_quantity, 'expiry', to_char(expiry, 'YYYY-MM-DD'))
        FROM instruments WHERE symbol = ${symbol} AND exchange = e.exchange ORDER BY ${meantFirst()} LIMIT 1),
      'has_calendar', EXISTS (SELECT FROM market_days WHERE exchange = e.days_of
        AND day BETWEEN date_trunc('year', e.today)::date AND date_trunc('year', e.today)::date + 365),
      'day', (
        SELECT json_build_object('day', to_char(day, 'YYYY-MM-DD'), 'name', name, 'kind', kind,
          'opens', to_char(opens, 'HH24:MI'), 'closes', to_char(closes, 'HH24:MI'))
        FROM market_days WHERE exchange = e.days_of AND day = e.today),
      'has_derivatives', CASE WHEN EXISTS (SELECT FROM instruments WHERE kind = 'FUT')
        THEN EXISTS (SELECT FROM instruments WHERE kind = 'FUT' AND name = ${symbol}) END)
    FROM (
      SELECT n.exchange, (clock_timestamp() AT TIME ZONE 'Asia/Kolkata')::date AS today,
        CASE n.exchange WHEN 'NFO' THEN 'NSE' WHEN 'BFO' THEN 'BSE' ELSE n.exchange END AS days_of
      FROM (SELECT ${named} AS exchange) n
    ) e)`;
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
