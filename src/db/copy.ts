import type { CompiledQuery } from 'kysely';
import pg, { type PoolClient } from 'pg';
import { to } from 'pg-copy-streams';

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
