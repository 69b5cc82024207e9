import type { Sink } from './io.ts';

export type Row = object;
export type Rows = readonly Row[] | AsyncIterable<Row>;

/** The value of a column. */
export const columnValue = (row: Row, name: string): unknown => (row as Record<string, unknown>)[name];

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
