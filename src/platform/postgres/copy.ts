import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { CompiledQuery, type Kysely } from 'kysely';
import pg, { type PoolClient } from 'pg';
import { from, to } from 'pg-copy-streams';
import type { Database } from './tables.ts';

/** A query whose parameters stand in its text: COPY takes none. Values are quoted by the driver's own rule. */
function inlined({ sql, parameters }: CompiledQuery): string {
  return sql.replace(/\$(\d+)/g, (_all, n) => {
    const value = parameters[Number(n) - 1];
    return value === null || value === undefined ? 'NULL' : pg.escapeLiteral(String(value));
  });
}

/**
 * What a query finds, as PostgreSQL's own text by COPY: whole lines, tabs between the columns, `\N` for NULL. As of one
 * moment, and with no limit on how long it takes.
 */
export async function* copyOut(session: PoolClient, query: CompiledQuery): AsyncGenerator<Buffer> {
  await session.query('BEGIN READ ONLY');
  await session.query('SET LOCAL statement_timeout = 0');
  let rest: Buffer | undefined;
  for await (const chunk of session.query(
    to(`COPY (${inlined(query)}) TO STDOUT`),
  ) as AsyncIterable<Buffer>) {
    const whole = rest ? Buffer.concat([rest, chunk]) : chunk;
    const end = whole.lastIndexOf(0x0a) + 1;
    rest = end < whole.length ? whole.subarray(end) : undefined;
    if (end > 0) yield whole.subarray(0, end);
  }
  await session.query('COMMIT');
}

/** A COPY FROM STDIN under way. */
export interface CopyIn {
  /** Sends rows; waits while the server has enough to do. */
  write: (text: string | Uint8Array) => Promise<void>;
  /** Ends it; gives how many rows the server took. */
  end: () => Promise<number>;
  /** Takes all of it back, where anything else failed. */
  abort: () => Promise<void>;
}

/** Begins a COPY FROM STDIN within a transaction, whose session it has until its end. */
export async function copyIn(trx: Kysely<Database>, statement: string): Promise<CopyIn> {
  const stream = from(statement);
  let failure: Error | undefined;
  stream.on('error', (error) => {
    failure ??= error;
  });
  // Kysely hands over what it is given as the text of a statement, and the driver takes a stream for one.
  await trx.executeQuery({ ...CompiledQuery.raw(''), sql: stream as unknown as string });
  const check = () => {
    if (failure) throw failure;
  };
  return {
    async write(text) {
      check();
      // Rejects with what the server says instead.
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
      stream.destroy(new Error('given up'));
      // The server says that it was told to give up, which is no news.
      await once(stream, 'close').catch(() => {});
    },
  };
}
