import { stringify } from 'csv-stringify/sync';
import type { Io } from './io.ts';
import { plainValue } from './machine-text.ts';
import type { Field, Fields } from './result.ts';
import { chunks, type Row, type Rows } from './rows.ts';

/** Rows as CSV with a header; text that a spreadsheet would run as a formula is made inert. */
export async function renderCsv(rows: Rows, names: string[], fields: Fields, io: Io): Promise<void> {
  await io.out.write(csvHeader(names));
  for await (const chunk of chunks(rows, io.out)) await io.out.write(csvLines(chunk, names, fields));
}

/** The header. */
export const csvHeader = (names: string[]): string => stringify([names]);

/** The same lines as text, without the header. */
export function csvLines(rows: readonly Row[], names: string[], fields: Fields): string {
  const lines = rows.map((row) =>
    names.map((name) => {
      const value = plainValue(row, name, fields);
      return guardsFormula(fields[name]) ? inert(value) : value;
    }),
  );
  return stringify(lines);
}

const guardsFormula = (field: Field | undefined) => ['text', 'json', 'rows'].includes(field?.type ?? '');

/**
 * A spreadsheet runs text that begins like a formula, some with blanks before it or in full width; a leading apostrophe
 * keeps it text.
 */
function inert(value: string): string {
  return /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(value) ? `'${value}` : value;
}
