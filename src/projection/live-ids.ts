import { type Kysely, sql } from 'kysely';
import { instant } from '../domain/instant.ts';
import type { Database } from '../platform/postgres/tables.ts';
import type { ProjectedKind } from './kinds/list.ts';

const BATCH_ROWS = 1_000;

/** The ids of the rows of a kind whose keys have not outlived their TTL, in their order, in batches. */
export async function* liveIds(
  db: Kysely<Database>,
  { source: { table, id, changedAt }, ttlSeconds }: ProjectedKind,
  now: Date,
): AsyncIterable<string[]> {
  const isLive =
    ttlSeconds === null
      ? sql`true`
      : sql`${sql.ref(changedAt)} > ${instant(new Date(now.getTime() - ttlSeconds * 1_000))}::timestamp`;
  for (let after = ''; ; ) {
    const { rows } = await sql<{ id: string }>`
      SELECT ${sql.ref(id)} AS id FROM ${sql.table(table)}
      WHERE ${sql.ref(id)} > ${after} AND ${isLive}
      ORDER BY ${sql.ref(id)} LIMIT ${BATCH_ROWS}`.execute(db);
    const last = rows.at(-1);
    if (!last) return;
    yield rows.map((row) => row.id);
    after = last.id;
  }
}
