import type { Context } from '../context.ts';
import { DAY_OR_WORD_RULE, DAY_PLACEHOLDER, dayOf, isBookDay, isDayWord } from '../domain/day.ts';
import { shortenedId } from '../domain/id.ts';
import { usage } from '../util/failure.ts';

/** What stands in help for the id of a row that is there. */
const NAMES_ROW = new Set('USER ORDER FILL POSITION SESSION NOTIFICATION FLOW ACTION MERGE'.split(' '));

/**
 * A value of the command line in full, by what stands for it in help: the day (YYYY-MM-DD) that a word means on the trading day
 * of the database, and the id of the one row whose id begins so. Throws a usage error for a day before any book.
 */
export async function inFull(ctx: Context, placeholder: string, text: string): Promise<string> {
  if (placeholder === DAY_PLACEHOLDER && isDayWord(text)) {
    const { tradingDate } = await import('../trading/trading-day.ts');
    const day = dayOf(text, await tradingDate(await ctx.source()));
    if (!isBookDay(day)) throw usage(`${text} ${DAY_OR_WORD_RULE}.`);
    return day;
  }
  const start = NAMES_ROW.has(placeholder) ? shortenedId(text) : undefined;
  if (start === undefined) return text;
  const { wholeId } = await import('../trading/whole-id.ts');
  return wholeId(await ctx.db(), start);
}
