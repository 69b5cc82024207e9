import { resolve } from 'node:path';
import { changed, firstListed, unchanged } from '../../audit/outcome.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { doubtOfPrice } from '../../domain/doubts.ts';
import { instant, isBefore } from '../../domain/instant.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { Failure } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { type Mark, type Marked, markPositions } from '../ledger/mark-positions.ts';
import { knownPrices } from '../quotes/known-prices.ts';
import { openRenaming, type Renaming, renamingBy } from '../symbols/renaming.ts';
import { tradingDayOf } from '../trading-day.ts';
import { marksFromQuotes, type Unmarked } from './marks-from-cache.ts';
import { readMarks } from './parse-marks.ts';

/**
 * Marks open positions at the prices of `SYMBOL=PRICE` words and of a CSV file (`-` is stdin), in one transaction.
 * Asks first about a price that is far from the last one. Throws POSITION_NOT_FOUND for a symbol among the words without
 * an open position.
 */
export async function bookGivenMarks(ctx: Context, words: readonly string[], file: string | undefined) {
  const path = file === undefined || file === '-' ? file : resolve(ctx.cwd, file);
  const renaming = await openRenaming(await ctx.source());
  const given = await readMarks(words, path, renaming.rename, ctx);
  for (const note of renaming.notes()) await ctx.io.say(note);
  const marks = underEveryName(given.marks, renaming);
  await checkPrices(ctx, marks, 'Mark at this all the same?');
  const marked = await book(marks, given.named, ctx, (rows) => rows, renaming);
  const skipped = given.marks.length - new Set(marked.map(({ symbol }) => renaming.meaningOf(symbol))).size;
  if (skipped > 0) await ctx.io.say(`Skipped ${pluralize(skipped, 'symbol')} without an open position.`);
  return marked;
}

/** A price of a share values also what is still booked under its old names. */
const underEveryName = (marks: readonly Mark[], { oldNamesOf }: Renaming): Mark[] =>
  marks.flatMap((mark) => [mark, ...oldNamesOf([mark.symbol]).map((symbol) => ({ ...mark, symbol }))]);

/** Asks before prices that are probably mistakes: those far from the newest that is known of a symbol that is held. */
export async function checkPrices(
  ctx: Context,
  marks: readonly Pick<Mark, 'symbol' | 'price'>[],
  question: string,
): Promise<void> {
  const { guard } = await ctx.config();
  if (guard.priceMove === 0) return;
  const known = await knownPrices(
    ctx,
    marks.map(({ symbol }) => symbol),
  );
  const at = instant(ctx.now());
  const doubts = marks.flatMap(({ symbol, price }) =>
    doubtOfPrice({ price, at }, known.get(symbol), guard).map((doubt) => `${symbol}: ${doubt}`),
  );
  if (doubts.length === 0) return;
  const more = doubts.length > SHOWN_DOUBTS ? `; and ${doubts.length - SHOWN_DOUBTS} more` : '';
  await ctx.confirm(`${doubts.slice(0, SHOWN_DOUBTS).join('; ')}${more}. ${question}`);
}

const SHOWN_DOUBTS = 5;

/** Each of the named symbols must have an open position. */
async function book<T>(
  marks: readonly Mark[],
  named: ReadonlySet<TradingSymbol>,
  ctx: Context,
  present: (marked: Marked[]) => T,
  { meaningOf }: Pick<Renaming, 'meaningOf'> = renamingBy(new Map()),
): Promise<T> {
  return ctx.change(async (trx) => {
    const marked = await markPositions(trx, marks);
    const hit = new Set(marked.map(({ symbol }) => meaningOf(symbol)));
    const missed = [...named].filter((symbol) => !hit.has(symbol));
    if (missed.length > 0) throw nobodyHolds(missed);
    if (marked.length === 0) return unchanged(present(marked));
    const positions = marked.reduce((sum, each) => sum + each.positions, 0);
    const body = { symbols: marked.length, positions, marks: firstListed(marked) };
    return changed(present(marked), 'positions', body);
  });
}

/** Marks every open position at its quote in Redis; a Finding if some have none. Prints which quotes are stale. */
export async function markFromCache(ctx: Context) {
  const { marks, unmarked } = await marksFromQuotes(ctx);
  const { staleBefore } = await tradingDayOf(ctx);
  const isStale = ({ marked_at }: Marked) => marked_at !== null && isBefore(marked_at, staleBefore);
  let stale: Marked[] = [];
  const result = await book(marks, new Set(), ctx, (marked) => {
    stale = marked.filter(isStale);
    const rows = [
      ...marked.map((each) => ({ ...each, stale: isStale(each) })),
      ...unmarked.map((each) => ({ ...each, price: null, unrealized_pnl: null })),
    ];
    return unmarked.length > 0 ? new Finding(rows) : rows;
  });
  if (stale.length > 0) await ctx.io.say(`Stale quotes: ${symbolsOf(stale)}`);
  for (const each of unmarked) await ctx.io.warn(sentence(each));
  return result;
}

const symbolsOf = (rows: readonly { symbol: TradingSymbol }[]) => rows.map(({ symbol }) => symbol).join(', ');

const sentence = ({ symbol, positions, problem }: Unmarked) =>
  `${symbol} (${pluralize(positions, 'position')}) is not marked: ${problem}.`;

function nobodyHolds(symbols: readonly string[]): Failure {
  return new Failure(
    'notFound',
    'POSITION_NOT_FOUND',
    `Nobody has an open position in ${symbols.join(', ')}.`,
    {
      hint: 'Nothing was marked. See: pinnacle position list',
    },
  );
}
