import { type RawBuilder, sql } from 'kysely';

/** SQL for the rows of a query as a JSON list; [] of none. */
export const jsonRows = (rows: RawBuilder<unknown>): RawBuilder<unknown> =>
  sql`(SELECT coalesce(json_agg(row_to_json(r)), '[]') FROM (${rows}) AS r)`;
