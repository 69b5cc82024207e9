import type { Context } from '../../context.ts';
import type { TimeReading } from '../../domain/file-values.ts';
import { isBefore } from '../../domain/instant.ts';
import { type Quote, quoteText } from '../../domain/quote.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { type Numbered, openTable, readAll } from '../../platform/files/open-table.ts';
import type { BadLine } from '../../platform/files/rejects-file.ts';
import { Failure, usage } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { openRenaming } from '../symbols/renaming.ts';
import { timeReading } from '../time-reading.ts';
import { BHAVCOPIES, bhavcopyReader, EXCHANGE_TIMES, type SeriesQuote } from './bhavcopy.ts';
import { QUOTE_COLUMNS, quoteReader } from './quote-file.ts';

const MAX_ROWS = 1_000_000;

interface Quotes {
  /** The newest quote of each symbol. */
  newest: Quote[];
  /** How many valid rows there are, and how many of them are equal to another one or of another series. */
  rows: number;
  passed: number;
  bad: BadLine[];
}

/** Reads a file of quotes, ours or NSE's bhavcopy. Throws a usage error for a file of another kind, or without rows. */
export async function readQuoteFile(
  path: string,
  asked: { timeZone: string | undefined; dates: TimeReading['dates'] },
  ctx: Context,
): Promise<Quotes> {
  const now = ctx.now();
  const later: string[] = [];
  const say = async (line: string) => void later.push(line);
  const columns = { ...QUOTE_COLUMNS, instead: BHAVCOPIES.map((each) => each.columns) };
  const table = await openTable(path, columns, { io: { ...ctx.io, say }, signal: ctx.signal });
  const isOurs = table.known === columns;
  const times = await timeReading(
    ctx,
    isOurs ? asked : { timeZone: asked.timeZone ?? EXCHANGE_TIMES.timeZone, dates: asked.dates },
  );
  for (const line of later) await ctx.io.say(line);
  const how = { signal: ctx.signal, most: MAX_ROWS };
  if (isOurs) {
    const { rows, bad } = await readAll(table, quoteReader(now, times), how);
    return newestOf(await renamed(rows, ctx), bad, 0, path, ctx);
  }
  const { read, choose } = bhavcopyReader(now, times);
  const { rows: all, bad } = await readAll(table, read, how);
  const { rows, others } = choose(all);
  if (others.length > 0) await ctx.io.say(describeOthers(others));
  const quotes = rows.map(({ line, value }) => ({ line, value: value.quote }));
  return newestOf(await renamed(quotes, ctx), bad, others.length, path, ctx);
}

/**
 * Quotes under the new names of their symbols, unless the file has one under that name, too. Quotes need no database:
 * without one they keep their names, which is said where one is configured.
 */
async function renamed(
  quotes: readonly Numbered<Quote>[],
  ctx: Context,
): Promise<readonly Numbered<Quote>[]> {
  if ((await ctx.config()).database === undefined) return quotes;
  const renaming = await ctx
    .source()
    .then(openRenaming)
    .catch(async (error) => {
      const failure = await ctx.explain(error);
      if (!(failure instanceof Failure)) throw failure;
      await ctx.io.warn(`Old names of symbols are kept, because aliases cannot be read: ${failure.message}`);
      return undefined;
    });
  if (!renaming) return quotes;
  const given = new Set(quotes.map(({ value }) => value.symbol));
  const named = quotes.map(({ line, value }) => {
    const symbol = value.symbol as TradingSymbol;
    const isGiven = given.has(renaming.meaningOf(symbol));
    return { line, value: isGiven ? value : { ...value, symbol: renaming.rename(symbol) } };
  });
  for (const note of renaming.notes()) await ctx.io.say(note);
  return named;
}

// Enough to find the others.
const MAX_NAMED = 5;

function describeOthers(others: readonly Numbered<SeriesQuote>[]): string {
  const named = others.slice(0, MAX_NAMED).map(({ line, value: { quote, series } }) => {
    return `${quote.symbol} ${series} at ${quote.ltp} (line ${line})`;
  });
  const more = others.length > MAX_NAMED ? ', …' : '.';
  return `Passed over ${pluralize(others.length, 'row')} of other series than the shares: ${named.join(', ')}${more}`;
}

async function newestOf(
  rows: readonly Numbered<Quote>[],
  bad: BadLine[],
  others: number,
  path: string,
  ctx: Context,
): Promise<Quotes> {
  if (rows.length + bad.length + others === 0)
    throw usage(`There are no quotes in ${path === '-' ? 'stdin' : path}.`);
  const moments = new Map<string, Numbered<Quote>[]>();
  for (const row of rows) {
    const key = `${row.value.symbol}\n${row.value.timestamp}`;
    const same = moments.get(key);
    if (same) same.push(row);
    else moments.set(key, [row]);
  }
  const newest = new Map<string, Quote>();
  const conflicts: BadLine[] = [];
  let repeats = 0;
  for (const same of moments.values()) {
    const refused = conflictsIn(same);
    conflicts.push(...refused);
    if (refused.length > 0) continue;
    repeats += same.length - 1;
    const { value: quote } = same[0] as Numbered<Quote>;
    const before = newest.get(quote.symbol);
    if (!before || isBefore(before.timestamp, quote.timestamp)) newest.set(quote.symbol, quote);
  }
  if (repeats > 0) await ctx.io.say(`Passed over ${pluralize(repeats, 'line')} equal to another one.`);
  return {
    newest: [...newest.values()],
    rows: rows.length + others - conflicts.length,
    passed: repeats + others,
    bad: [...bad, ...conflicts].sort((a, b) => a.line - b.line),
  };
}

/** Why lines of one symbol and time cannot all be right; which of them is, nobody knows, so all are refused. */
function conflictsIn(same: readonly Numbered<Quote>[]): BadLine[] {
  const texts = same.map(({ value }) => quoteText(value, 'rfc3339'));
  if (texts.every((text) => text === texts[0])) return [];
  return same.map(({ line, value: { symbol, ltp } }, i) => {
    const other = same.find((_row, j) => texts[j] !== texts[i]) as Numbered<Quote>;
    const where = `(line ${other.line})`;
    const reason =
      ltp === other.value.ltp
        ? `${symbol} stands twice at one time, with other values in line ${other.line}`
        : `${symbol} stands twice at one time, at ${other.value.ltp} and at ${ltp} ${where}`;
    return { line, reason };
  });
}
