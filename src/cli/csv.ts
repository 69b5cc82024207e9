import { stringify } from 'csv-stringify/sync';
import type { Io } from './io.ts';
import type { Field, Fields } from './output.ts';
import { cell, chunks, plain, type Row, type Rows } from './rows.ts';

/** Rows as CSV with a header; text that a spreadsheet would run as a formula is made inert. */
export async function renderCsv(rows: Rows, names: string[], fields: Fields, io: Io): Promise<void> {
  await io.out.write(stringify([names]));
  for await (const chunk of chunks(rows, io.out)) await io.out.write(csvLines(chunk, names, fields));
}

/** The same lines as text, without the header. */
export function csvLines(rows: readonly Row[], names: string[], fields: Fields): string {
  const lines = rows.map((row) =>
    names.map((name) => {
      const value = plain(cell(row, name));
      return guardsFormula(fields[name]) ? inert(value) : value;
    }),
  );
  return stringify(lines);
}

const guardsFormula = (field: Field | undefined) => ['text', 'json', 'rows'].includes(field?.type ?? '');

/** A spreadsheet runs text that begins like a formula; a leading apostrophe keeps it text. */
function inert(value: string): string {
  return /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
}
