import { resolve } from 'node:path';
import type { Compilable } from 'kysely';
import { choice, optional, text, toggle } from '../../cli/flags.ts';
import { startProgress } from '../../cli/progress.ts';
import { type Answer, type Fields, RawOutput, type RowOf } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { usage } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { agreedFormat } from './file-format.ts';

/** The flags of every export. */
export const exportFlags = {
  format: {
    ...optional(choice(['csv', 'ndjson'], 'FORMAT', 'CSV, or one JSON object per line')),
    fallback: 'that of the ending of FILE, or csv',
  },
  output: optional(text('FILE', 'the file to write (default: stdout)', 4_096)),
  gzip: toggle('compress it; so does a FILE that ends in .gz'),
  force: toggle('replace an existing file'),
};

/** The columns that an export into a file prints. */
export const exportFields = {
  file: { type: 'text' },
  rows: { type: 'integer' },
  bytes: { type: 'integer' },
  sha256: { type: 'text' },
} as const satisfies Fields;

/** What was written to a file. */
export const exported = ({ file, rows, bytes }: RowOf<typeof exportFields>): Answer => ({
  done: `Wrote ${pluralize(Number(rows), 'row')} to ${file} (${pluralize(Number(bytes), 'byte')})`,
});

export const exportDetails = `All rows as of one moment, in no particular order; times are in UTC, secrets are never included. The file is written
atomically and only its owner can read it; rows, bytes and SHA-256 are printed. Without --output the rows themselves go
to stdout.`;

type Format = 'csv' | 'ndjson';
const ENDINGS: Readonly<Record<string, Format>> = { '.csv': 'csv', '.ndjson': 'ndjson', '.jsonl': 'ndjson' };

interface Input {
  format: Format | undefined;
  output: string | undefined;
  gzip: boolean;
  force: boolean;
}

/** The format that the flags and the name of the file agree on; throws a usage error if they do not. */
function formatOf(
  output = '',
  { format, gzip }: Pick<Input, 'format' | 'gzip'>,
  otherwise: Format,
): { format: Format; gzip: boolean } {
  const [, name = '', compressed] = /^(.*?)(\.gz)?$/is.exec(output) ?? [];
  const agreed = agreedFormat(name, format, ENDINGS);
  if (agreed === undefined && /\.json$/i.test(name))
    throw usage('The rows of an export are no JSON document.', 'Name the file .ndjson, or add --format.');
  return { format: agreed ?? otherwise, gzip: gzip || compressed !== undefined };
}

/** Writes the rows of a query, which is asked for once the flags are found to agree, to a file or stdout; its columns are `fields`. */
export async function exportQuery<O extends Fields>(
  ctx: Context,
  { output, force, ...input }: Input,
  queryOf: () => Promise<Compilable<RowOf<NoInfer<O>>>>,
  fields: O,
  otherwise: Format = 'csv',
) {
  const { format, gzip } = formatOf(output, input, otherwise);
  if (output === undefined && gzip && ctx.io.out.isTTY)
    throw usage('Compressed rows are not for a terminal.', 'Name a file with --output, or pipe them on.');
  const [{ exportPieces }, { gzipped, writeFileWhole }, connection] = await Promise.all([
    import('../../platform/postgres/export-query.ts'),
    import('../../platform/files/write-file.ts'),
    ctx.connection(),
  ]);
  const query = await queryOf();
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
  const source = gzip ? gzipped(pieces()) : pieces();
  if (output === undefined) return new RawOutput<never>(source);
  const file = resolve(ctx.cwd, output);
  const written = await writeFileWhole(file, force, source).finally(() => progress?.stop());
  return { file, rows, ...written };
}
