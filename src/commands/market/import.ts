import { resolve } from 'node:path';
import { defineCommand, EVERYONE } from '../../cli/command.ts';
import { inputFile } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { isBefore } from '../../domain/instant.ts';
import { type Quote, quoteText } from '../../domain/quote.ts';
import { type Numbered, openTable, readAll } from '../../platform/files/open-table.ts';
import { rejectedLinesError } from '../../platform/files/rejects-file.ts';
import { QUOTE_COLUMNS, quoteReader } from '../../trading/quotes/quote-file.ts';
import { withoutOlder, writeQuotes } from '../../trading/quotes/store.ts';
import { warnUnusedSymbols } from '../../trading/quotes/warn-unused.ts';
import { timeReading } from '../../trading/time-reading.ts';
import { usage } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { timeFlags } from '../_shared/import-rows.ts';

export const importQuotes = defineCommand({
  effect: 'write',
  roles: EVERYONE,
  writesTo: 'redis',
  args: { file: inputFile('CSV or NDJSON, also compressed, or - for stdin') },
  flags: timeFlags,
  fields: { rows: { type: 'integer' }, imported: { type: 'integer' }, older: { type: 'integer' } },
  examples: ['market import quotes.csv', 'market import - --json'],
  details: `Columns: ${QUOTE_COLUMNS.required.join(',')}[,${QUOTE_COLUMNS.optional.join(',')}]. Every row is checked before the first is written, and
the write is atomic, except on a Redis Cluster. A quote that is older than the one in the cache, or
than another in the file, is skipped and counted. Quotes live for 30 days and leave no audit row.`,
  async run({ file, ...how }, ctx: Context) {
    const now = ctx.now();
    const path = file === '-' ? file : resolve(ctx.cwd, file);
    const { newest, rows, repeats } = await readFile(
      path,
      quoteReader(now, await timeReading(ctx, how)),
      ctx,
    );
    const redis = await ctx.redis();
    const quotes = await withoutOlder(redis, newest, now);
    ctx.signal.throwIfAborted();
    if (!ctx.dryRun && quotes.length > 0) await writeQuotes(redis, quotes);
    const older = rows - repeats - quotes.length;
    if (repeats > 0) await ctx.io.say(`Passed over ${pluralize(repeats, 'line')} equal to another one.`);
    if (older > 0) await ctx.io.say(`Skipped ${pluralize(older, 'quote')} older than the newest known.`);
    await warnUnusedSymbols(
      newest.map(({ symbol }) => symbol),
      ctx,
    );
    return { rows, imported: quotes.length, older };
  },
});

// Enough lines to show what is wrong with a file.
const MAX_SHOWN_LINES = 10;
const MAX_ROWS = 1_000_000;

/** Returns the newest quote of each symbol and the number of rows; throws a usage error that lists invalid lines. */
async function readFile(
  path: string,
  read: ReturnType<typeof quoteReader>,
  ctx: Context,
): Promise<{ newest: Quote[]; rows: number; repeats: number }> {
  const table = await openTable(path, QUOTE_COLUMNS, ctx);
  const { rows, bad } = await readAll(table, read, { signal: ctx.signal, most: MAX_ROWS });
  const newest = new Map<string, Numbered<Quote>>();
  let repeats = 0;
  for (const row of rows) {
    const { symbol, timestamp } = row.value;
    const before = newest.get(symbol);
    const reason = before && conflict(row.value, before);
    if (reason !== undefined) bad.push({ line: row.line, reason });
    else if (!before || isBefore(before.value.timestamp, timestamp)) newest.set(symbol, row);
    else if (timestamp === before.value.timestamp) repeats++;
  }
  bad.sort((a, b) => a.line - b.line);
  if (bad.length > 0)
    throw rejectedLinesError(
      bad.slice(0, MAX_SHOWN_LINES),
      bad.length,
      'Correct the file, and import it again.',
    );
  if (rows.length === 0) throw usage(`There are no quotes in ${path === '-' ? 'stdin' : path}.`);
  return { newest: [...newest.values()].map(({ value }) => value), rows: rows.length, repeats };
}

/** Why two lines cannot both be right: other prices of one symbol at one time. */
function conflict(quote: Quote, before: Numbered<Quote>): string | undefined {
  const { line, value: other } = before;
  if (quote.timestamp !== other.timestamp || quoteText(quote) === quoteText(other)) return undefined;
  return quote.ltp === other.ltp
    ? `${quote.symbol} stands twice at one time, with other values in line ${line}`
    : `${quote.symbol} stands twice at one time, at ${other.ltp} and at ${quote.ltp} (line ${line})`;
}
