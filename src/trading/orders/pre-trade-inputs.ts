import { sql } from 'kysely';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import type { MarketFacts } from '../../domain/order-checks.ts';
import { rulesNeeding } from '../../domain/risk-rules.ts';
import { type CheckedOrder, marketFactsOf } from '../instruments/check-order.ts';
import { freshQuote } from '../quotes/fresh-quote.ts';
import { type TradingDay, tradingDayWith } from '../trading-day.ts';

/** What an order is judged by that its transaction does not read: the clock of the database, a quote, its instrument. */
interface PreTradeInputs {
  clock: TradingDay;
  /** Rupees per share; 0 where there is none, or where no rule of the user needs one. */
  quote: number;
  /** Null where nothing is checked against the exchange. */
  facts: MarketFacts | null;
}

/**
 * Reads the inputs of a pre-trade check, all of the database by one statement. With `note` the quote is the price of the
 * order and always read, at the same time as the clock; `note` is told why a quote is not used.
 */
export async function preTradeInputs(
  ctx: Context,
  order: CheckedOrder & { user_id: UserId },
  note?: (text: string) => Promise<void>,
): Promise<PreTradeInputs> {
  const { user_id, symbol } = order;
  const facts = await marketFactsOf(ctx, order);
  if (note) {
    const [{ clock, value }, quote] = await Promise.all([
      tradingDayWith(ctx, facts),
      freshQuote(symbol, ctx, note),
    ]);
    return { clock, quote, facts: value };
  }
  const both = sql<Both>`json_build_object('needs_quote', ${await needsQuote(ctx, user_id)}, 'facts', ${facts})`;
  const { clock, value } = await tradingDayWith(ctx, both);
  return { clock, quote: value.needs_quote ? await freshQuote(symbol, ctx) : 0, facts: value.facts };
}

interface Both {
  needs_quote: boolean;
  facts: MarketFacts | null;
}

/** Whether the user has a rule that needs a price. Before phase 4 there are no rules. */
async function needsQuote(ctx: Context, user: UserId) {
  if ((await ctx.phase()) < 4) return sql<boolean>`false`;
  const rules = sql.join(rulesNeeding('price'));
  return sql<boolean>`EXISTS (SELECT FROM risk_rules WHERE user_id = ${user} AND rule_type IN (${rules}))`;
}
