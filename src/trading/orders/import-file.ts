import { startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import type { DateOrder } from '../../domain/instant.ts';
import { openRejects } from '../../platform/files/rejects-file.ts';
import { timeReading } from '../time-reading.ts';
import { importOrderFile } from './import-orders.ts';
import { importTradeFile } from './import-trades.ts';
import { type Broker, tradeLayout } from './trade-layout.ts';
import { timesOf } from './translate-trades.ts';

interface ImportRequest {
  /** A path, or - for stdin. */
  path: string;
  /** The user of the trades; omitted for orders, which name their own users. */
  user: UserId | undefined;
  /** Whether orders go into an empty table, whose indexes are created afterwards. */
  fast: boolean;
  /** The broker whose file of trades it is. */
  broker: Broker | undefined;
  /** Pairs of a name in the file and a column of trades, `theirs=ours`. */
  map: readonly string[] | undefined;
  /** The zone of times without an offset: that of the trading day if omitted. */
  timeZone: string | undefined;
  /** The order of day and month in dates such as 03/04/2026. */
  dates: DateOrder | undefined;
  /** The file for rejected lines; without it the first one ends the import. */
  rejectsFile: string | undefined;
}

/** Imports a file of orders or of a user's trades. Returns the tally; a finding if lines were rejected. */
export async function importFile(ctx: Context, request: ImportRequest) {
  const { path, user, fast, rejectsFile } = request;
  const layout = tradeLayout(request.broker, request.map);
  const times = await timeReading(ctx, timesOf(request, layout));
  const rejects = rejectsFile === undefined ? undefined : await openRejects(rejectsFile);
  const progress = await startProgress(ctx.io, `Importing ${user === undefined ? 'orders' : 'trades'}`);
  try {
    const finding =
      user === undefined
        ? await importOrderFile(path, fast, times, rejects, progress, ctx)
        : await importTradeFile(path, user, times, layout, rejects, progress, ctx);
    await rejects?.keep();
    return finding;
  } finally {
    progress.stop();
    await rejects?.discard();
  }
}
