import { type Kysely, sql } from 'kysely';
import type { Database } from '../../platform/postgres/tables.ts';

/** So many of the newest unread ones are looked at, by their index: the answer takes no longer where nobody reads any. */
const LOOKED_AT = 1_000;

/** How many of the newest unread notifications are CRITICAL. Needs phase 3. */
export async function countCritical(db: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ waiting: number }>`
    SELECT count(*)::int AS waiting FROM (
      SELECT alert_level FROM notifications WHERE read_at IS NULL
      ORDER BY created_at DESC, notification_id DESC LIMIT ${LOOKED_AT}
    ) AS newest WHERE alert_level = 'CRITICAL'`.execute(db);
  return rows[0]?.waiting ?? 0;
}
