import { resolve } from 'node:path';
import { defineCommand, EVERYONE } from '../../cli/command.ts';
import { inputFile } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { rejectsPath } from '../../platform/files/rejects-file.ts';
import { QUOTE_COLUMNS } from '../../trading/quotes/quote-file.ts';
import { pluralize } from '../../util/text.ts';
import { importFlags, timeFlags } from '../_shared/import-rows.ts';

export const importQuotes = defineCommand({
  effect: 'write',
  roles: EVERYONE,
  writesTo: 'redis',
  args: { file: inputFile('CSV or NDJSON, also compressed, or - for stdin') },
  flags: { ...importFlags, ...timeFlags },
  fields: {
    rows: { type: 'integer' },
    imported: { type: 'integer' },
    older: { type: 'integer' },
    rejected: { type: 'integer', onlyWithFlag: 'keepGoing', optional: true },
    rejects_file: { type: 'text', onlyWithFlag: 'keepGoing', optional: true },
  },
  answer: ({ imported, older }) => ({
    done: `Imported ${pluralize(Number(imported), 'quote')}${older ? `; ${older} older than the cache left out` : ''}`,
    next: ['market', 'list'],
  }),
  examples: [
    'market import quotes.csv',
    'market import cm06JAN2021bhav.csv --keep-going --rejects untraded.csv',
    'market import - --json',
  ],
  details: `Columns: ${QUOTE_COLUMNS.required.join(',')}[,${QUOTE_COLUMNS.optional.join(',')}]. NSE's bhavcopy is known by its header, in the old
layout and in UDiFF: the last price of the day, at 15:30 in Asia/Kolkata. Of several series of a symbol EQ is taken, then other
shares; the others are named. Every row is checked before the first is written, and
the write is atomic, except on a Redis Cluster. With --keep-going bad lines, such as those without a last price, go to a file
(exit 6). Two prices of one symbol at one time are refused, both. A quote that is older than the one in the cache, or
than another in the file, is skipped and counted. Quotes live for market.lifetime and leave no audit row.`,
  async run({ file, keepGoing, rejects, ...how }, ctx: Context) {
    const path = file === '-' ? file : resolve(ctx.cwd, file);
    const { importQuoteFile } = await import('../../trading/quotes/import-quotes.ts');
    const rejectsFile = keepGoing ? rejectsPath(path, rejects, ctx.cwd) : undefined;
    return importQuoteFile(ctx, { path, ...how, rejectsFile });
  },
});
