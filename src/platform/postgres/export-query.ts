import { type Compilable, type RawBuilder, sql } from 'kysely';
import type { Fields } from '../../cli/result.ts';
import type { Format } from '../files/copy-lines.ts';
import { lineConverter, type Piece, rowLines } from '../files/write-rows.ts';
import type { Connection } from './connect.ts';

const BATCH_ROWS = 2_000;

/** The rows of a query as text in a format, piece by piece, from one snapshot; in the order of the query. */
export async function* exportPieces(
  connection: Connection,
  query: Compilable<object>,
  fields: Fields,
  format: Format,
): AsyncGenerator<Piece> {
  const names = Object.keys(fields);
  if (format === 'csv') yield { text: Buffer.from(`${names.join(',')}\n`), rows: 0 };
  if (!connection.copyOut) {
    for await (const rows of batchesOf(connection, query))
      yield { text: Buffer.from(rowLines(rows, names, fields, format)), rows: rows.length };
    return;
  }
  const convert = lineConverter(names, fields, format);
  // COPY names no columns: only their order says which is which.
  const ordered = sql`SELECT ${sql.join(names.map((name) => sql.ref(name)))} FROM (${query as never}) AS exported`;
  for await (const lines of connection.copyOut(ordered.compile(connection.kysely))) yield convert(lines);
}

/**
 * The rows of a query through a cursor, batch by batch, from one snapshot; as the program has values, unlike by COPY, which
 * also crashes the embedded engine.
 */
export async function* batchesOf<R extends object>(
  { kysely }: Pick<Connection, 'kysely'>,
  query: Compilable<R> | RawBuilder<R>,
): AsyncGenerator<R[]> {
  const trx = await kysely.startTransaction().setAccessMode('read only').execute();
  try {
    await sql`DECLARE exported NO SCROLL CURSOR FOR ${query as never}`.execute(trx);
    for (;;) {
      const { rows } = await sql<R>`FETCH ${sql.lit(BATCH_ROWS)} FROM exported`.execute(trx);
      if (rows.length === 0) return;
      yield rows;
    }
  } finally {
    await trx.rollback().execute();
  }
}
