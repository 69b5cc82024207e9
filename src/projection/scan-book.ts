import { type Kysely, sql } from 'kysely';
import { instant } from '../domain/instant.ts';
import type { Database } from '../platform/postgres/tables.ts';
import { TTL_SECONDS } from '../platform/redis/keys.ts';
import type { ProjectionKeys } from './read-snapshots.ts';

const BATCH_ROWS = 1_000;

/** Everything of the book that Redis is to show now, some at a time: what changed or came within its lifetime. */
export async function* keysToRebuild(
  db: Kysely<Database>,
  phase: number,
  now: Date,
): AsyncIterable<ProjectionKeys> {
  for await (const orders of walk(db, 'orders', 'order_id', 'updated_at', TTL_SECONDS.order, now))
    yield { orders, notifications: [] };
  if (phase < 3) return;
  const { notification } = TTL_SECONDS;
  for await (const notifications of walk(
    db,
    'notifications',
    'notification_id',
    'created_at',
    notification,
    now,
  ))
    yield { orders: [], notifications };
}

/** The ids of rows of which a time is not longer ago than so many seconds, in their order. */
async function* walk(
  db: Kysely<Database>,
  table: string,
  id: string,
  time: string,
  lifetime: number,
  now: Date,
): AsyncIterable<string[]> {
  const since = instant(new Date(now.getTime() - lifetime * 1_000));
  for (let after = ''; ; ) {
    const { rows } = await sql<{ id: string }>`
      SELECT ${sql.ref(id)} AS id FROM ${sql.table(table)}
      WHERE ${sql.ref(id)} > ${after} AND ${sql.ref(time)} > ${since}::timestamp
      ORDER BY ${sql.ref(id)} LIMIT ${BATCH_ROWS}`.execute(db);
    const last = rows.at(-1);
    if (!last) return;
    yield rows.map((row) => row.id);
    after = last.id;
  }
}
