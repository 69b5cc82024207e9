import type { Context } from '../../context.ts';
import type { DateOrder } from '../../domain/instant.ts';
import {
  openRejects,
  type Rejects,
  rejectedLinesError,
  withRejects,
} from '../../platform/files/rejects-file.ts';
import { pluralize } from '../../util/text.ts';
import { readQuoteFile } from './read-quotes.ts';
import { withoutOlder, writeQuotes } from './store.ts';
import { warnUnusedSymbols } from './warn-unused.ts';

interface ImportRequest {
  /** A path, or - for stdin. */
  path: string;
  timeZone: string | undefined;
  dates: DateOrder | undefined;
  /** The file for rejected lines; without it the first ones end the import. */
  rejectsFile: string | undefined;
}

// Enough lines to show what is wrong with a file.
const MAX_SHOWN_LINES = 10;

/** Imports a file of quotes into the cache. Returns the tally; a finding if lines were rejected. */
export async function importQuoteFile(ctx: Context, request: ImportRequest) {
  const { rejectsFile } = request;
  const rejects = rejectsFile === undefined ? undefined : await openRejects(rejectsFile);
  try {
    const finding = await importInto(ctx, request, rejects);
    await rejects?.keep();
    return finding;
  } finally {
    await rejects?.discard();
  }
}

async function importInto(ctx: Context, { path, ...how }: ImportRequest, rejects: Rejects | undefined) {
  const { newest, rows, passed, bad } = await readQuoteFile(path, how, ctx);
  if (bad.length > 0 && !rejects)
    throw rejectedLinesError(
      bad.slice(0, MAX_SHOWN_LINES),
      bad.length,
      'Correct the file, or import the good lines with --keep-going.',
    );
  await rejects?.restart();
  await rejects?.add(bad);
  const redis = await ctx.redis('market');
  const quotes = await withoutOlder(redis, newest, ctx.now());
  ctx.signal.throwIfAborted();
  if (!ctx.dryRun && quotes.length > 0) await writeQuotes(redis, quotes, (await ctx.config()).market);
  const older = rows - passed - quotes.length;
  if (older > 0) await ctx.io.say(`Skipped ${pluralize(older, 'quote')} older than the newest known.`);
  await warnUnusedSymbols(
    newest.map(({ symbol }) => symbol),
    ctx,
  );
  const tally = { rows, imported: quotes.length, older };
  return rejects ? withRejects({ ...tally, rejected: bad.length }, rejects) : tally;
}
