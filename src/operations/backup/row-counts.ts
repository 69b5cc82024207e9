import { countLines } from '../../platform/files/copy-lines.ts';
import { CorruptArchive } from './corrupt-archive.ts';
import { type Part, scriptReader } from './dump-parser.ts';

/** The number of rows per table, by its name in the dump. */
export type Rows = Readonly<Record<string, number>>;

/** Counts the rows of the parts of a dump. */
export function rowCounter() {
  const rows: Record<string, number> = {};
  let table = '';
  return {
    rows,
    take(part: Part): void {
      if ('copy' in part) {
        table = part.copy.table;
        rows[table] = 0;
      } else if ('rows' in part) rows[table] = (rows[table] ?? 0) + countLines(part.rows);
    },
  };
}

/** Passes a dump through and counts its rows. */
export async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  counter: ReturnType<typeof rowCounter>,
): AsyncGenerator<Uint8Array> {
  const reader = scriptReader();
  for await (const chunk of chunks) {
    for (const part of reader.feed(chunk)) counter.take(part);
    yield chunk;
  }
  reader.finish();
}

/** The tables with fewer or more rows than expected. */
export function shortfalls(expected: Rows, found: Rows): CorruptArchive[] {
  return Object.entries(expected).flatMap(([table, rows]) => {
    const there = found[table];
    if (there === undefined)
      return [new CorruptArchive('missing table', `table ${plainName(table)} is missing, with ${rows} rows`)];
    return there === rows
      ? []
      : [
          new CorruptArchive(
            'rows differ',
            `table ${plainName(table)} has ${there} rows, should have ${rows}`,
          ),
        ];
  });
}

const plainName = (table: string) => table.replace(/^public\./, '');

export const totalOf = (rows: Rows) => Object.values(rows).reduce((sum, n) => sum + n, 0);
