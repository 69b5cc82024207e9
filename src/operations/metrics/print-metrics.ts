import { resolve } from 'node:path';
import { RawOutput } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { writeFileWhole } from '../../platform/files/write-file.ts';
import { exposition, type MetricsFormat } from './exposition.ts';
import { nameOf } from './families.ts';
import { openMetrics } from './read-metrics.ts';

/** Anybody may read what is for a collector that runs as another user. */
const FILE_MODE = 0o644;

interface Options {
  format: MetricsFormat;
  output: string | undefined;
  byUser: boolean;
}

/**
 * All metrics, as text or rows, or in a file that a collector never sees half. If the database does not answer, the text says so
 * before its failure is thrown.
 */
export async function printMetrics(ctx: Context, { format, output, byUser }: Options) {
  const { samples, failure } = await (await openMetrics(ctx, byUser))();
  const text = Buffer.from(await exposition(samples, format));
  if (output !== undefined) {
    const file = resolve(ctx.cwd, output);
    const written = await writeFileWhole(file, true, [text], FILE_MODE);
    if (failure !== undefined) throw failure;
    return { file, ...written };
  }
  const { json, csv, columns } = ctx.globals;
  const asRows = json !== undefined || csv || columns !== undefined;
  if (failure !== undefined && asRows) throw failure;
  async function* pieces() {
    yield text;
    if (failure !== undefined) throw failure;
  }
  const rows = samples.map((each) => ({ metric: nameOf(each), labels: each.labels, value: each.value }));
  return new RawOutput(pieces(), rows);
}
