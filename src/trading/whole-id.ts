import { type Kysely, sql } from 'kysely';
import { type SHORTENABLE, WHOLE_ID } from '../domain/id.ts';
import { isUndefinedObject } from '../platform/postgres/errors.ts';
import type { Database } from '../platform/postgres/tables.ts';
import { usage } from '../util/failure.ts';

/** Where the ids of each prefix are, and what they are of. */
const ROWS: Readonly<
  Record<(typeof SHORTENABLE)[number], readonly [table: keyof Database, id: string, what: string]>
> = {
  usr: ['users', 'user_id', 'user'],
  ord: ['orders', 'order_id', 'order'],
  fil: ['order_fills', 'fill_id', 'execution'],
  pos: ['positions', 'position_id', 'position'],
  ses: ['trading_sessions', 'session_id', 'session'],
  ntf: ['notifications', 'notification_id', 'notification'],
  flo: ['cash_flows', 'flow_id', 'movement of money'],
  act: ['corporate_actions', 'action_id', 'corporate action'],
  mrg: ['symbol_merges', 'merge_id', 'merge'],
};

const NAMED = 5;

/**
 * The one generated id that begins with this text, by the primary key; the text itself where none does. Throws a usage error
 * with the candidates where several do.
 */
export async function wholeId(db: Kysely<Database>, start: string): Promise<string> {
  const found = Object.entries(ROWS).find(([prefix]) => start.startsWith(`${prefix}_`));
  if (!found) return start;
  const [, [table, id, what]] = found;
  const column = sql.ref(id);
  const { rows } = await sql<{ id: string }>`
    SELECT ${column} AS id FROM ${sql.table(table)} WHERE ${column} LIKE ${`${start.replaceAll('_', '\\_')}%`}
      AND ${column} ~ ${WHOLE_ID.source}
    ORDER BY 1 LIMIT ${NAMED + 1}`
    .execute(db)
    // A schema that lacks the table has no such id.
    .catch((error) => {
      if (isUndefinedObject(error)) return { rows: [] };
      throw error;
    });
  const ids = rows.map((row) => row.id);
  if (ids.length < 2) return ids[0] ?? start;
  const more = ids.length > NAMED ? ' and more' : '';
  throw usage(
    `More than one ${what} begins with ${start}.`,
    `Name one of them: ${ids.slice(0, NAMED).join(', ')}${more}`,
  );
}
