import { resolve } from 'node:path';
import * as z from 'zod/mini';
import type { TimeReading } from '../../domain/file-values.ts';
import { DATE_ORDERS, type DateOrder } from '../../domain/instant.ts';
import { timeZone } from '../../platform/config/schemas.ts';
import { outputFailure, usage } from '../../util/failure.ts';
import { type AtomicFile, openAtomic, readInput } from '../../util/file.ts';
import { FileProblem } from '../../util/file-problem.ts';
import { parseJson } from '../../util/json.ts';
import { BROKERS, type Broker, fileOfMap } from './trade-layout.ts';

/** How a file of trades is read, as flags say it and a file keeps it. */
export interface TradeMap {
  broker: Broker | undefined;
  /** Pairs `theirs=ours`. */
  pairs: readonly string[] | undefined;
  timeZone: string | undefined;
  dates: DateOrder | undefined;
}

const MAP = z.strictObject({
  from: z.optional(z.enum(BROKERS)),
  columns: z.optional(z.record(z.string(), z.string())),
  time_zone: z.optional(timeZone),
  dates: z.optional(z.enum(DATE_ORDERS)),
});
const MAX_BYTES = 65_536;

/** A map as flags say it: where --map names a file of `openMap`, its content, unless flags say otherwise. */
export async function completeMap(flags: TradeMap, cwd: string): Promise<TradeMap> {
  const file = fileOfMap(flags.pairs);
  return file === undefined ? flags : readMap(resolve(cwd, file), flags);
}

/** Throws a usage error for a file that is no map. */
async function readMap(path: string, flags: TradeMap): Promise<TradeMap> {
  const name = `The map ${path}`;
  const { bytes } = await readInput(path, MAX_BYTES).catch((error) => {
    if (!(error instanceof FileProblem)) throw error;
    throw usage(`${name} ${error.why}.`, "Pairs are written as 'THEIRS=OURS,…'.");
  });
  const { data } = MAP.safeParse(jsonOf(bytes.toString('utf8'), name));
  if (!data)
    throw usage(
      `${name} is none.`,
      'It is an object of from, columns, time_zone and dates, as --save-map writes it.',
    );
  return {
    broker: flags.broker ?? data.from,
    pairs: data.columns && Object.entries(data.columns).map(([theirs, ours]) => `${theirs}=${ours}`),
    timeZone: flags.timeZone ?? data.time_zone,
    dates: flags.dates ?? data.dates,
  };
}

function jsonOf(text: string, name: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw usage(`${name} ${(error as Error).message}.`);
  }
}

/** Starts a new file of a map and of how its times are read, 0600; it exists once it is kept. Throws FILE_EXISTS. */
export async function openMap(
  path: string,
  { broker, pairs }: TradeMap,
  times: TimeReading,
): Promise<AtomicFile> {
  const columns = pairs?.map((pair) => {
    const at = pair.lastIndexOf('=');
    return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const;
  });
  const map: z.infer<typeof MAP> = {
    ...(broker && { from: broker }),
    ...(columns && { columns: Object.fromEntries(columns) }),
    time_zone: times.timeZone,
    ...(times.dates && { dates: times.dates }),
  };
  const failed = (error: unknown): never => {
    throw outputFailure(path, error, 'Move it, or name another one with --save-map.');
  };
  const draft = await openAtomic(path, false).catch(failed);
  await draft.write(`${JSON.stringify(map, null, 2)}\n`).catch(async (error) => {
    await draft.discard();
    failed(error);
  });
  return { ...draft, keep: () => draft.keep().catch(failed) };
}
