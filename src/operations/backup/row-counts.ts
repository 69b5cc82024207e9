import { countLines } from '../../platform/files/copy-lines.ts';
import { CorruptArchive } from './corrupt-archive.ts';
import { type Part, scriptReader } from './dump-parser.ts';

/** How many rows each table has, by the name that the dump has for it. */
export type Rows = Readonly<Record<string, number>>;

/** Counts the rows of a dump that passes by. */
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

/** Passes a dump on and counts its rows into `rows` meanwhile. */
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

/** What is not there of what should be, a table each. */
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

/** A table as an operator calls it. */
const plainName = (table: string) => table.replace(/^public\./, '');

export const totalOf = (rows: Rows) => Object.values(rows).reduce((sum, n) => sum + n, 0);
