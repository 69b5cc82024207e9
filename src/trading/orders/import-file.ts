import { startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { openRejects } from '../../platform/files/rejects-file.ts';
import { timeReading } from '../time-reading.ts';
import { importOrderFile } from './import-orders.ts';
import { importTradeFile } from './import-trades.ts';
import { tradeLayout } from './trade-layout.ts';
import { completeMap, openMap, type TradeMap } from './trade-map.ts';
import { timesOf } from './translate-trades.ts';

interface ImportRequest {
  /** A path, or - for stdin. */
  path: string;
  /** The user of the trades; omitted for orders, which name their own users. */
  user: UserId | undefined;
  /** Whether orders go into an empty table, whose indexes are created afterwards. */
  fast: boolean;
  /** Whether trades older than what is booked go in, and the positions are rebuilt by time. */
  replay: boolean;
  /** How a file of trades is read. */
  map: TradeMap;
  /** The file that the map is saved to. */
  saveMap: string | undefined;
  /** The file for rejected lines; without it the first one ends the import. */
  rejectsFile: string | undefined;
}

/** Imports a file of orders or of a user's trades. Returns the tally; a finding if lines were rejected. */
export async function importFile(ctx: Context, request: ImportRequest) {
  const { path, user, fast, rejectsFile, saveMap } = request;
  const map = await completeMap(request.map, ctx.cwd);
  const layout = tradeLayout(map.broker, map.pairs);
  const times = await timeReading(ctx, timesOf(map, layout));
  const saved = saveMap === undefined ? undefined : await openMap(saveMap, map, times);
  const rejects =
    rejectsFile === undefined
      ? undefined
      : await openRejects(rejectsFile).catch(async (error) => {
          await saved?.discard();
          throw error;
        });
  const progress = await startProgress(ctx.io, `Importing ${user === undefined ? 'orders' : 'trades'}`);
  try {
    const finding =
      user === undefined
        ? await importOrderFile(path, fast, times, rejects, progress, ctx)
        : await importTradeFile(
            path,
            user,
            times,
            { layout, replay: request.replay },
            rejects,
            progress,
            ctx,
          );
    await rejects?.keep();
    if (!ctx.dryRun) await saved?.keep();
    return finding;
  } finally {
    progress.stop();
    await rejects?.discard();
    await saved?.discard();
  }
}
