import type { Kysely } from 'kysely';
import { queryText } from '../../platform/postgres/execute-sql.ts';
import { quoteIdentifier } from '../../platform/postgres/identifiers.ts';
import type { Database } from '../../platform/postgres/tables.ts';

/**
 * The number of rows of a table and the sums of two halves of the MD5 of each, over values given as SQL for text. The order of
 * the rows, which no table keeps, does not matter.
 */
export async function fingerprint(
  db: Kysely<Database>,
  table: string,
  values: readonly string[],
): Promise<string> {
  const half = (from: number) => `sum(('x' || substr(hash, ${from}, 16))::bit(64)::bigint)`;
  const [row] = await queryText<{ print: string }>(
    db,
    `SELECT concat_ws(' ', count(*), ${half(1)}, ${half(17)}) AS print
     FROM (SELECT md5(ROW(${values.join(', ')})::text) AS hash FROM ${quoteIdentifier(table)}) rows`,
  );
  return row?.print ?? '';
}
