import type { Context } from '../context.ts';
import { DAY_OR_WORD_RULE, DAY_PLACEHOLDER, dayOf, isBookDay, isDayWord } from '../domain/day.ts';
import { idPart } from '../domain/shortened-id.ts';
import { usage } from '../util/failure.ts';

/**
 * A value of the command line in full, by what stands for it in help: the day (YYYY-MM-DD) that a word means on the trading day
 * of the database, and the id of the one row that a part of its id names. Throws a usage error for a day before any book.
 */
export async function inFull(ctx: Context, placeholder: string, text: string): Promise<string> {
  if (placeholder === DAY_PLACEHOLDER && isDayWord(text)) {
    const { tradingDate } = await import('../trading/trading-day.ts');
    const day = dayOf(text, await tradingDate(await ctx.source()));
    if (!isBookDay(day)) throw usage(`${text} ${DAY_OR_WORD_RULE}.`);
    return day;
  }
  const part = idPart(placeholder, text);
  if (part === undefined) return text;
  const { wholeId } = await import('../trading/whole-id.ts');
  const id = await wholeId(await ctx.db(), part, text);
  // What is refused is on record as of the whole id.
  const { origin } = ctx;
  if (origin.subject?.endsWith(` ${text}`)) origin.subject = `${origin.subject.slice(0, -text.length)}${id}`;
  return id;
}
