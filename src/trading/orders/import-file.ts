import { startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { openRejects } from '../../platform/files/rejects-file.ts';
import { importOrderFile } from './import-orders.ts';
import { importTradeFile } from './import-trades.ts';

interface ImportRequest {
  /** A path, or - for stdin. */
  path: string;
  /** The user of the trades; omitted for orders, which name their own users. */
  user: UserId | undefined;
  /** Whether orders go into an empty table, whose indexes are created afterwards. */
  fast: boolean;
  /** The file for rejected lines; without it the first one ends the import. */
  rejectsFile: string | undefined;
}

/** Imports a file of orders or of a user's trades. Returns the tally; a finding if lines were rejected. */
export async function importFile(ctx: Context, { path, user, fast, rejectsFile }: ImportRequest) {
  const rejects = rejectsFile === undefined ? undefined : await openRejects(rejectsFile);
  const progress = await startProgress(ctx.io, `Importing ${user === undefined ? 'orders' : 'trades'}`);
  try {
    const finding =
      user === undefined
        ? await importOrderFile(path, fast, rejects, progress, ctx)
        : await importTradeFile(path, user, rejects, progress, ctx);
    await rejects?.keep();
    return finding;
  } finally {
    progress.stop();
    await rejects?.discard();
  }
}
