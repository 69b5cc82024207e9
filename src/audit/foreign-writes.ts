import { sql } from 'kysely';
import type { Instant } from '../domain/instant.ts';
import { needStep, OTHER_WRITERS_SINCE_STEP, type Source } from '../platform/postgres/schema-phase.ts';

interface Filter {
  writer?: string | undefined;
  program?: string | undefined;
  table?: string | undefined;
  since?: Instant | undefined;
}

/** Behind which line a page begins: time, table, row, writer and program. */
type Place = readonly [at: Instant, ...rest: string[]];

/** What other programs wrote, the newest first: a line for each row, writer and program. Throws PHASE_NEEDED (exit 5). */
export async function listForeignWrites(
  source: Source,
  filter: Filter,
  limit: number,
  after: Place | undefined,
) {
  needStep(source, OTHER_WRITERS_SINCE_STEP);
  let writes = source.db
    .selectFrom('foreign_writes')
    .select(['last_at', 'writer', 'program', 'table_name', 'row_id', 'operation', 'writes', 'first_at']);
  if (filter.writer) writes = writes.where('writer', '=', filter.writer);
  if (filter.program) writes = writes.where('program', '=', filter.program);
  if (filter.table) writes = writes.where('table_name', '=', filter.table);
  if (filter.since) writes = writes.where('last_at', '>=', filter.since);
  if (after) {
    const [at, table = '', row = '', writer = '', program = ''] = after;
    writes = writes.where(
      sql<boolean>`(last_at, table_name, row_id, writer, program) < (${at}::timestamp, ${table}, ${row}, ${writer}, ${program})`,
    );
  }
  return writes
    .orderBy('last_at', 'desc')
    .orderBy('table_name', 'desc')
    .orderBy('row_id', 'desc')
    .orderBy('writer', 'desc')
    .orderBy('program', 'desc')
    .limit(limit)
    .execute();
}
