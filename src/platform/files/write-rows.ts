import { jsonRow } from '../../cli/machine-text.ts';
import { csvLines } from '../../cli/render-csv.ts';
import type { Fields } from '../../cli/result.ts';
import { fromPostgres } from '../../domain/instant.ts';
import type { Format } from './copy-lines.ts';
import { COPY_NULL, unescapeCopy } from './copy-text.ts';

/** Rows as lines of the format, whatever their text holds. */
export function rowLines(
  rows: readonly object[],
  names: readonly string[],
  fields: Fields,
  format: Format,
): string {
  if (format === 'csv') return csvLines(rows, [...names], fields);
  return rows.map((row) => `${jsonRow(row, names, fields)}\n`).join('');
}

/** Lines of COPY as rows. */
export function rowsOf(lines: Buffer, names: readonly string[], fields: Fields): object[] {
  return lines
    .toString('utf8', 0, lines.length - 1)
    .split('\n')
    .map((line) => {
      const values = line.split('\t');
      return Object.fromEntries(
        names.map((name, i) => [name, decoded(values[i] ?? COPY_NULL, fields[name]?.type)]),
      );
    });
}

function decoded(text: string, type: Fields[string]['type'] | undefined): unknown {
  if (text === COPY_NULL) return null;
  if (type === 'integer' || type === 'number') return Number(text);
  const value = unescapeCopy(text);
  if (type === 'json') return JSON.parse(value);
  return type === 'time' ? fromPostgres(value) : value;
}
