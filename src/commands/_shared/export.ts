import { resolve } from 'node:path';
import type { Compilable } from 'kysely';
import { choice, optional, text, toggle, withDefault } from '../../cli/flags.ts';
import { startProgress } from '../../cli/progress.ts';
import { type Fields, RawOutput, type RowOf } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { usage } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';

/** The flags of every export. */
export const exportFlags = {
  format: withDefault(choice(['csv', 'ndjson'], 'FORMAT', 'CSV, or one JSON object per line'), 'csv'),
  output: optional(text('FILE', 'the file to write (default: stdout)', 4_096)),
  gzip: toggle('compress it'),
  force: toggle('replace an existing file'),
};

/** The columns that an export into a file prints. */
export const exportFields = {
  file: { type: 'text' },
  rows: { type: 'integer' },
  bytes: { type: 'integer' },
  sha256: { type: 'text' },
} as const satisfies Fields;

export const exportDetails = `All rows as of one moment, in no particular order; times are in UTC, secrets are never included. The file is written
atomically and only its owner can read it; rows, bytes and SHA-256 are printed. Without --output the rows themselves go
to stdout.`;

interface Input {
  format: 'csv' | 'ndjson';
  output: string | undefined;
  gzip: boolean;
  force: boolean;
}

/** Writes the rows of a query to a file or stdout; the columns of the query are those of `fields`. */
export async function exportQuery<O extends Fields>(
  ctx: Context,
  { format, output, gzip, force }: Input,
  query: Compilable<RowOf<NoInfer<O>>>,
  fields: O,
) {
  if (output === undefined && gzip && ctx.io.out.isTTY)
    throw usage('Compressed rows are not for a terminal.', 'Name a file with --output, or pipe them on.');
  const [{ exportPieces }, { writeFileWhole }, connection] = await Promise.all([
    import('../../platform/postgres/export-query.ts'),
    import('../../platform/files/write-file.ts'),
    ctx.connection(),
  ]);
  let rows = 0;
  const progress = output === undefined ? undefined : await startProgress(ctx.io, 'exporting');
  async function* pieces() {
    for await (const piece of exportPieces(connection, query, fields, format)) {
      ctx.signal.throwIfAborted();
      rows += piece.rows;
      progress?.update(pluralize(rows, 'row'));
      yield piece.text;
    }
  }
  const source = gzip ? (await import('../../platform/files/write-file.ts')).gzipped(pieces()) : pieces();
  if (output === undefined) return new RawOutput<never>(source);
  const file = resolve(ctx.cwd, output);
  const written = await writeFileWhole(file, force, source).finally(() => progress?.stop());
  return { file, rows, ...written };
}
