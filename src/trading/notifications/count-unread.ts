import { type Kysely, sql } from 'kysely';
import type { Database } from '../../platform/postgres/tables.ts';

/** So many of the newest unread ones are looked at where the answer must take no longer, however many nobody reads. */
export const UNREAD_MOST = 1_000;

/** Unread notifications, and how many of them are CRITICAL. */
interface Unread {
  unread: number;
  critical: number;
}

const COUNTS = sql`count(*)::int AS unread, count(*) FILTER (WHERE alert_level = 'CRITICAL')::int AS critical`;

/** Of the newest unread notifications; `all` where there are no others. Needs phase 3. */
export async function countNewestUnread(db: Kysely<Database>): Promise<Unread & { all: boolean }> {
  const { rows } = await sql<Unread>`
    SELECT ${COUNTS} FROM (
      SELECT alert_level FROM notifications WHERE read_at IS NULL
      ORDER BY created_at DESC, notification_id DESC LIMIT ${UNREAD_MOST}
    ) AS newest`.execute(db);
  const found = rows[0] ?? { unread: 0, critical: 0 };
  return { ...found, all: found.unread < UNREAD_MOST };
}

/** Of all unread notifications, by the index of these: takes longer the more nobody reads. Needs phase 3. */
export async function countUnread(db: Kysely<Database>): Promise<Unread> {
  const { rows } = await sql<Unread>`SELECT ${COUNTS} FROM notifications WHERE read_at IS NULL`.execute(db);
  return rows[0] ?? { unread: 0, critical: 0 };
}
