import { escapeControls, safeJson } from '../util/text.ts';
import type { Sink } from './io.ts';

export type Row = object;
export type Rows = readonly Row[] | AsyncIterable<Row>;

/** The value of a column. */
export const columnValue = (row: Row, name: string): unknown => (row as Record<string, unknown>)[name];

/** These columns of a row as JSON without terminal control characters; null for a missing value. */
export function jsonRow(row: Row, names: readonly string[], indent?: number): string {
  const picked = Object.fromEntries(names.map((name) => [name, columnValue(row, name) ?? null]));
  try {
    return safeJson(picked, indent);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const shown = Object.entries(picked).map(([name, value]) => [name, isTooDeep(value) ? TOO_DEEP : value]);
    return safeJson(Object.fromEntries(shown), indent);
  }
}

/** A value for machines: untruncated, control characters visible, nothing localised. */
export function toPlainText(value: unknown): string {
  if (value === null || value === undefined) return '';
  return escapeControls(typeof value === 'object' ? jsonText(value) : String(value));
}

// Replaces a value that is nested too deeply to be written as JSON.
const TOO_DEEP = '(nested too deeply)';
const isTooDeep = (value: unknown) => jsonText(value) === TOO_DEEP;

function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) return TOO_DEEP;
    throw error;
  }
}

const CHUNK_ROWS = 1_000;

/** The rows in batches, until the reader closes its end (`| head`), so that their source ends, too. */
export async function* chunks(rows: Rows, out: Sink): AsyncGenerator<Row[]> {
  let chunk: Row[] = [];
  for await (const row of rows) {
    chunk.push(row);
    if (chunk.length < CHUNK_ROWS) continue;
    yield chunk;
    if (out.gone) return;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
