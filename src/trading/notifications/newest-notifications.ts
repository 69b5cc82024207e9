import { type Kysely, sql } from 'kysely';
import type { UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Database } from '../../platform/postgres/tables.ts';

/** The ids of each user's newest notifications since a time, newest first, and when the first of them was made. */
export async function newestNotifications(
  db: Kysely<Database>,
  users: readonly string[],
  since: Instant,
  most: number,
) {
  const { rows } = await sql<{ user_id: UserId; ids: string[]; newest: string }>`
    SELECT u.user_id, array_agg(n.notification_id ORDER BY n.created_at DESC, n.notification_id DESC) AS ids,
      max(n.created_at) AS newest
    FROM unnest(${[...users]}::text[]) AS u(user_id)
    CROSS JOIN LATERAL (
      SELECT notification_id, created_at FROM notifications
      WHERE user_id = u.user_id AND created_at > ${since}::timestamp
      ORDER BY created_at DESC, notification_id DESC LIMIT ${most}
    ) n
    GROUP BY u.user_id`.execute(db);
  return rows;
}
