import { jsonRow } from '../../cli/machine-text.ts';
import { csvLines } from '../../cli/render-csv.ts';
import type { Fields } from '../../cli/result.ts';
import { fromPostgres } from '../../domain/instant.ts';
import { endOfLines, type Format, lineWriter } from './copy-lines.ts';
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

/** Some lines of an export and their number. */
export interface Piece {
  text: Buffer;
  rows: number;
}

const MOST_SLOW_ROWS = 1_024;

/** Turns lines of COPY into lines of the format: byte by byte where that will do, else row by row. */
export function lineConverter(
  names: readonly string[],
  fields: Fields,
  format: Format,
): (lines: Buffer) => Piece {
  const write = lineWriter(names, fields, format);
  // Where one row in a thousand is not plain, the others stay fast; where most are not, they are taken together.
  let slowRows = 1;
  return (lines) => {
    const texts: Buffer[] = [];
    let rows = 0;
    for (let at = 0; at < lines.length; ) {
      const plain = write(lines, at);
      slowRows = plain.rows > slowRows ? 1 : Math.min(2 * slowRows, MOST_SLOW_ROWS);
      const end = endOfLines(lines, plain.end, slowRows);
      const others = rowsOf(lines.subarray(plain.end, end), names, fields);
      texts.push(plain.text, Buffer.from(rowLines(others, names, fields, format)));
      rows += plain.rows + others.length;
      at = end;
    }
    return { text: Buffer.concat(texts), rows };
  };
}

/** Lines of COPY as rows. */
export function rowsOf(lines: Buffer, names: readonly string[], fields: Fields): object[] {
  if (lines.length === 0) return [];
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
