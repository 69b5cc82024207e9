import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { CompiledQuery, type Kysely } from 'kysely';
import pg, { type PoolClient } from 'pg';
import { from } from 'pg-copy-streams';
import { copyOutOf } from './copy-out.ts';
import type { Database } from './tables.ts';

/** The text of a query with its parameters inlined, because COPY takes none. The driver quotes the values. */
function inlined({ sql, parameters }: CompiledQuery): string {
  return sql.replace(/\$(\d+)/g, (_all, n) => {
    const value = parameters[Number(n) - 1];
    return value === null || value === undefined ? 'NULL' : pg.escapeLiteral(String(value));
  });
}

/**
 * The rows of a query in PostgreSQL's text format: whole lines, tabs between the columns, `\N` for NULL. From one
 * snapshot, without a statement timeout.
 */
export async function* copyOut(session: PoolClient, query: CompiledQuery): AsyncGenerator<Buffer> {
  await session.query('BEGIN READ ONLY');
  await session.query('SET LOCAL statement_timeout = 0');
  yield* session.query(copyOutOf(`COPY (${inlined(query)}) TO STDOUT`)).pieces();
  await session.query('COMMIT');
}

/** The output of a COPY TO STDOUT within a transaction, whose session it occupies until its end. */
export async function* copyOutWithin(trx: Kysely<Database>, statement: string): AsyncGenerator<Buffer> {
  const copy = copyOutOf(statement);
  await trx.executeQuery(submitting(copy));
  try {
    yield* copy.pieces();
  } finally {
    // Who stops reading early leaves the session in the middle of the output, where it takes no ROLLBACK.
    await copy.drain();
  }
}

/** Kysely passes the text of a statement on as it is, and the driver accepts a stream in its place. */
const submitting = (stream: object) => ({ ...CompiledQuery.raw(''), sql: stream as unknown as string });

/** A running COPY FROM STDIN. */
export interface CopyIn {
  /** Sends rows; waits while the server applies back pressure. */
  write: (text: string | Uint8Array) => Promise<void>;
  /** Ends it; returns how many rows the server took. */
  end: () => Promise<number>;
  /** Rolls it back after another failure. */
  abort: () => Promise<void>;
}

/** Begins a COPY FROM STDIN in a transaction, whose session it occupies until its end. */
export async function copyIn(trx: Kysely<Database>, statement: string): Promise<CopyIn> {
  const stream = from(statement);
  let failure: Error | undefined;
  stream.on('error', (error) => {
    failure ??= error;
  });
  await trx.executeQuery(submitting(stream));
  const check = () => {
    if (failure) throw failure;
  };
  return {
    async write(text) {
      check();
      // Rejects with the error of the server.
      if (!stream.write(text)) await once(stream, 'drain');
      check();
    },
    async end() {
      stream.end();
      await finished(stream).catch(() => {});
      check();
      return stream.rowCount;
    },
    async abort() {
      if (failure) return;
      stream.destroy(new Error('copy aborted'));
      // The server reports the cancellation, which is expected.
      await once(stream, 'close').catch(() => {});
    },
  };
}
