import { visible } from '../util/text.ts';
import type { Sink } from './io.ts';

export type Row = object;
export type Rows = readonly Row[] | AsyncIterable<Row>;

/** The value of a column. */
export const cell = (row: Row, name: string): unknown => (row as Record<string, unknown>)[name];

/** A value for machines: untruncated, control characters visible, nothing localised. */
export function plain(value: unknown): string {
  if (value === null || value === undefined) return '';
  return visible(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

const CHUNK = 1_000;

/** The rows in batches, until nobody reads them any more (`| head`), so that their source ends too. */
export async function* chunks(rows: Rows, out: Sink): AsyncGenerator<Row[]> {
  let chunk: Row[] = [];
  for await (const row of rows) {
    chunk.push(row);
    if (chunk.length < CHUNK) continue;
    yield chunk;
    if (out.gone) return;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
