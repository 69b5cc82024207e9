import { resolve } from 'node:path';
import { defineCommand, EVERYONE } from '../../cli/command.ts';
import { readCsv } from '../../cli/csv-input.ts';
import { text } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import type { Quote } from '../../domain/quote.ts';
import { type BadLine, rejectedLinesError } from '../../platform/files/rejects-file.ts';
import { withoutOlder, writeQuotes } from '../../trading/quotes/store.ts';
import { warnUnusedSymbols } from '../../trading/quotes/warn-unused.ts';
import { usage } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { parseRow, QUOTE_COLUMNS } from './import-row.ts';

export const importQuotes = defineCommand({
  effect: 'write',
  roles: EVERYONE,
  writesTo: 'redis',
  args: { file: text('FILE', 'a CSV file, or - for stdin', 4_096) },
  flags: {},
  fields: { rows: { type: 'integer' }, imported: { type: 'integer' }, older: { type: 'integer' } },
  examples: ['market import quotes.csv', 'market import - --json'],
  details: `Columns: ${QUOTE_COLUMNS.required.join(',')}[,${QUOTE_COLUMNS.optional.join(',')}]. Every row is checked before the first is written, and
the write is atomic, except on a Redis Cluster. A quote that is older than the one in the cache, or
than another in the file, is skipped and counted. Quotes live for 30 days and leave no audit row.`,
  async run({ file }, ctx: Context) {
    const now = ctx.now();
    const path = file === '-' ? file : resolve(ctx.cwd, file);
    const { newest, rows } = await readFile(path, now, ctx);
    const redis = await ctx.redis();
    const quotes = await withoutOlder(redis, newest, now);
    ctx.signal.throwIfAborted();
    if (!ctx.dryRun && quotes.length > 0) await writeQuotes(redis, quotes);
    const older = rows - quotes.length;
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

/** Returns the newest quote of each symbol and the number of rows; throws a usage error that lists invalid lines. */
async function readFile(path: string, now: Date, ctx: Context): Promise<{ newest: Quote[]; rows: number }> {
  const { rows } = await readCsv(path, QUOTE_COLUMNS, ctx);
  const timeZone = await ctx.timeZone();
  const newest = new Map<string, Quote>();
  const bad: BadLine[] = [];
  let [seen, rejected] = [0, 0];
  for await (const { line, values } of rows) {
    seen++;
    const quote = parseRow(values, now, timeZone);
    if ('reason' in quote) {
      rejected++;
      if (bad.length < MAX_SHOWN_LINES) bad.push({ line, reason: quote.reason });
    } else if (quote.timestamp >= (newest.get(quote.symbol)?.timestamp ?? ''))
      newest.set(quote.symbol, quote);
  }
  if (rejected > 0) throw rejectedLinesError(bad, rejected, 'Correct the file, and import it again.');
  if (seen === 0) throw usage(`There are no quotes in ${path === '-' ? 'stdin' : path}.`);
  return { newest: [...newest.values()], rows: seen };
}
