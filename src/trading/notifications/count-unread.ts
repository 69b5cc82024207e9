import { type Kysely, sql } from 'kysely';
import type { Database } from '../../platform/postgres/tables.ts';

/** So many of the newest unread ones are looked at where the answer must take no longer, however many nobody reads. */
export const UNREAD_MOST = 1_000;

/** Which notifications are CRITICAL and unread: as their index says it (step 15 of phase 4), by which they are counted and found. */
export const IS_UNREAD_CRITICAL = sql<boolean>`(read_at IS NULL AND alert_level >= 'CRITICAL')`;

/** How many unread notifications are CRITICAL. Needs phase 3; before step 15 of phase 4 it reads all that are unread. */
export async function countUnreadCritical(db: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{
    critical: number;
  }>`SELECT count(*)::int AS critical FROM notifications WHERE ${IS_UNREAD_CRITICAL}`.execute(db);
  return rows[0]?.critical ?? 0;
}

/** How many notifications are unread: takes longer the more nobody reads. Needs phase 3. */
export async function countUnread(db: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{
    unread: number;
  }>`SELECT count(*)::int AS unread FROM notifications WHERE read_at IS NULL`.execute(db);
  return rows[0]?.unread ?? 0;
}
