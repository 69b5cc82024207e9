import { sql } from 'kysely';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { rulesNeeding } from '../../domain/risk-rules.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { freshQuote } from '../quotes/fresh-quote.ts';
import { type TradingDay, tradingDayOf, tradingDayWith } from '../trading-day.ts';

/** What an order is judged by that its transaction does not read: the clock of the database, and a quote. */
export interface PreTradeInputs {
  clock: TradingDay;
  /** Rupees per share; 0 where there is none, or where no rule of the user needs one. */
  quote: number;
}

/**
 * Reads the inputs of a pre-trade check. With `note` the quote is the price of the order and always read, at the same
 * time as the clock; `note` is told why a quote is not used.
 */
export async function preTradeInputs(
  ctx: Context,
  { user_id, symbol }: { user_id: UserId; symbol: TradingSymbol },
  note?: (text: string) => Promise<void>,
): Promise<PreTradeInputs> {
  if (note) {
    const [clock, quote] = await Promise.all([tradingDayOf(ctx), freshQuote(symbol, ctx, note)]);
    return { clock, quote };
  }
  const { clock, value: isNeeded } = await tradingDayWith(ctx, await needsQuote(ctx, user_id));
  return { clock, quote: isNeeded ? await freshQuote(symbol, ctx) : 0 };
}

/** Whether the user has a rule that needs a price. Before phase 4 there are no rules. */
async function needsQuote(ctx: Context, user: UserId) {
  if ((await ctx.phase()) < 4) return sql<boolean>`false`;
  const rules = sql.join(rulesNeeding('price'));
  return sql<boolean>`EXISTS (SELECT FROM risk_rules WHERE user_id = ${user} AND rule_type IN (${rules}))`;
}
