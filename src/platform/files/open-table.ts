import type { Io } from '../../cli/io.ts';
import { usage } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { openSource } from './open-source.ts';
import type { Columns } from './read-header.ts';
import { linesOf } from './read-lines.ts';
import { readTable, type Table } from './read-records.ts';
import type { BadLine } from './rejects-file.ts';

/** The table in a file that is imported. */
export interface OpenTable extends Table {
  /** The name of the file in messages. */
  name: string;
  /** The share that has been read, 0 to 1; undefined for a pipe. */
  share: () => number | undefined;
  /** Whether it can be read only once: stdin, a pipe. */
  once: boolean;
}

/**
 * Opens the table in a file, or in stdin for `-`: CSV or NDJSON, compressed by gzip or not. Throws a usage error that
 * names the likely cause for a file that is no such table.
 */
export async function openTable(
  path: string,
  columns: Columns,
  around: { io: Io; signal: AbortSignal },
): Promise<OpenTable> {
  const { bytes, name, share, once } = openSource(path, around);
  const table = await readTable(linesOf(bytes, name), name, columns, around.io.say);
  return { ...table, name, share, once };
}

/** The text of a row by column, without blanks around it; without columns that the file does not have. */
export type Values = Readonly<Record<string, string>>;

/** The rows of a table by column, block by block. */
export async function* namedRows({
  columns,
  records,
}: Table): AsyncGenerator<{ rows: { line: number; values: Values }[]; bad: BadLine[] }> {
  for await (const { rows, bad } of records)
    yield {
      rows: rows.map(({ line, fields }) => ({
        line,
        values: valuesOf(columns, fields),
      })),
      bad,
    };
}

/** The fields of a row by column. */
export function valuesOf(columns: readonly string[], fields: readonly string[]): Values {
  const values: Record<string, string> = {};
  columns.forEach((column, i) => {
    values[column] = fields[i]?.trim() ?? '';
  });
  return values;
}

/** A row that is valid by itself, and its line. */
export interface Numbered<T> {
  line: number;
  value: T;
}

/**
 * Reads every row of a table into memory: the valid ones, and why the others are not. Throws a usage error for more than
 * `most` rows.
 */
export async function readAll<T extends object>(
  table: OpenTable,
  read: (values: Values) => T | { reason: string },
  { signal, most, tell }: { signal: AbortSignal; most: number; tell?: (rows: number) => void },
): Promise<{ rows: Numbered<T>[]; bad: BadLine[] }> {
  const rows: Numbered<T>[] = [];
  const bad: BadLine[] = [];
  for await (const block of namedRows(table)) {
    signal.throwIfAborted();
    bad.push(...block.bad);
    for (const { line, values } of block.rows) {
      const value = read(values);
      if ('reason' in value) bad.push({ line, reason: value.reason as string });
      else rows.push({ line, value });
    }
    if (rows.length + bad.length > most)
      throw usage(
        `${table.name} has more than ${pluralize(most, 'row')}.`,
        'Import it in parts, the oldest first.',
      );
    tell?.(rows.length);
  }
  return { rows, bad: bad.sort((a, b) => a.line - b.line) };
}
