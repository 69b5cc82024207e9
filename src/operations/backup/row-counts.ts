import { countLines } from '../../platform/files/copy-lines.ts';
import type { Part, TableCount } from './columns.ts';
import { CorruptArchive } from './corrupt-archive.ts';

/** Counts the rows of the parts of a backup. */
export function rowCounter() {
  const rows = new Map<string, number>();
  let table = '';
  return {
    rows,
    take(part: Part): void {
      if ('columns' in part) {
        table = part.table;
        rows.set(table, rows.get(table) ?? 0);
      } else rows.set(table, (rows.get(table) ?? 0) + countLines(part.rows));
    },
  };
}

/** The tables with fewer or more rows than expected. */
export function shortfalls(
  expected: readonly TableCount[],
  found: ReadonlyMap<string, number>,
): CorruptArchive[] {
  return expected.flatMap(({ table, rows }) => {
    const there = found.get(table);
    if (there === undefined)
      return [new CorruptArchive('missing table', `table ${table} is missing, with ${rows} rows`)];
    return there === rows
      ? []
      : [new CorruptArchive('rows differ', `table ${table} has ${there} rows, should have ${rows}`)];
  });
}

export const totalOf = (counts: readonly TableCount[]) => counts.reduce((sum, { rows }) => sum + rows, 0);
