import { type Kysely, sql } from 'kysely';
import { boundsOf, type IdPart, type Shortenable, WHOLE_ID } from '../domain/shortened-id.ts';
import { isPermissionDenied, isUndefinedObject } from '../platform/postgres/errors.ts';
import type { Database } from '../platform/postgres/tables.ts';
import { usage } from '../util/failure.ts';

type IdOfTable = {
  [T in keyof Database]: readonly [table: T, id: keyof Database[T] & string, what: string];
}[keyof Database];

/** Where the ids are, and what they are of. */
const ROWS: Readonly<Record<Shortenable, IdOfTable>> = {
  USER: ['users', 'user_id', 'user'],
  ORDER: ['orders', 'order_id', 'order'],
  FILL: ['order_fills', 'fill_id', 'execution'],
  POSITION: ['positions', 'position_id', 'position'],
  SESSION: ['trading_sessions', 'session_id', 'session'],
  NOTIFICATION: ['notifications', 'notification_id', 'notification'],
  FLOW: ['cash_flows', 'flow_id', 'movement of money'],
  ACTION: ['corporate_actions', 'action_id', 'corporate action'],
  MERGE: ['symbol_merges', 'merge_id', 'merge'],
  HALT: ['trading_halts', 'halt_id', 'halt'],
  ROUTE: ['alert_routes', 'route_id', 'route'],
  DELIVERY: ['alert_deliveries', 'delivery_id', 'message'],
};

const NAMED = 5;

/**
 * The one generated id of which a text says this part; the text itself where that is an id, and where none is found. What has
 * a beginning is found by the primary key; an ending alone reads every id of the table. Throws a usage error with the
 * candidates where there are several.
 */
export async function wholeId(db: Kysely<Database>, part: IdPart, text: string): Promise<string> {
  const ids = await idsOf(db, part, text).catch((error) => {
    // The command says itself that there is no such table, or no right to it.
    if (isUndefinedObject(error) || isPermissionDenied(error)) return [];
    throw error;
  });
  const [id, another] = ids;
  // No id has the ellipsis in it, which would be refused before a row is looked for.
  if (id === undefined) return text.replace(/^…/, '').replace('…', '...');
  if (another === undefined) return id;
  const more = ids.length > NAMED ? ' and more' : '';
  throw usage(
    `More than one ${ROWS[part.kind][2]} matches ${text}.`,
    `Name one of them: ${ids.slice(0, NAMED).join(', ')}${more}`,
  );
}

/** The text alone where it is an id; the newest generated ids that it may stand for otherwise. */
async function idsOf(db: Kysely<Database>, part: IdPart, text: string): Promise<string[]> {
  const [table, id] = ROWS[part.kind];
  const column = sql.ref(id);
  const select = sql`SELECT ${column} AS id FROM ${sql.table(table)}`;
  const exact = await sql`${select} WHERE ${column} = ${text}`.execute(db);
  if (exact.rows.length > 0) return [text];
  const [first, last] = boundsOf(part);
  const { rows } = await sql<{ id: string }>`
    ${select} WHERE ${column} BETWEEN ${first} AND ${last} AND ${column} LIKE ${`%${part.end}`} AND ${column} ~ ${WHOLE_ID.source}
    ORDER BY 1 DESC LIMIT ${NAMED + 1}`.execute(db);
  return rows.map((row) => row.id);
}
