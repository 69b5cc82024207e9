import { type Kysely, sql } from 'kysely';
import type { Database } from '../platform/postgres/tables.ts';
import { usage } from '../util/failure.ts';

/** Where the ids that stand for a word of help are, those that this program generates. */
const ROWS: Readonly<Record<string, readonly [table: keyof Database, id: string]>> = {
  USER: ['users', 'user_id'],
  ORDER: ['orders', 'order_id'],
  FILL: ['order_fills', 'fill_id'],
  POSITION: ['positions', 'position_id'],
  SESSION: ['trading_sessions', 'session_id'],
  NOTIFICATION: ['notifications', 'notification_id'],
  FLOW: ['cash_flows', 'flow_id'],
};

const NAMED = 5;

/**
 * The one id that begins with this text, by the primary key; the text itself where none does, or where nothing of the kind has
 * generated ids. Throws a usage error with the candidates where several do.
 */
export async function wholeId(
  db: () => Promise<Kysely<Database>>,
  placeholder: string,
  start: string,
): Promise<string> {
  const [table, id] = ROWS[placeholder] ?? [];
  if (table === undefined || id === undefined) return start;
  const column = sql.ref(id);
  const { rows } = await sql<{ id: string }>`
    SELECT ${column} AS id FROM ${sql.table(table)} WHERE ${column} LIKE ${`${start.replaceAll('_', '\\_')}%`}
    ORDER BY 1 LIMIT ${NAMED + 1}`.execute(await db());
  const found = rows.map((row) => row.id);
  if (found.length < 2 || found.includes(start)) return found[0] ?? start;
  const more = found.length > NAMED ? ' and more' : '';
  throw usage(
    `More than one ${placeholder.toLowerCase()} begins with ${start}.`,
    `Name one of them: ${found.slice(0, NAMED).join(', ')}${more}`,
  );
}
