import { sql } from 'kysely';
import type { Trx } from '../../audit/transaction.ts';
import { mintId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Notice } from '../../domain/notice.ts';
import { unnest } from '../../platform/postgres/unnest.ts';

/**
 * Writes notifications within the transaction of their cause, in one statement whatever their number; returns their
 * ids, without those that were there already. Writes nothing before phase 3, which creates their table. `at` is UTC.
 */
export async function insertNotifications(
  trx: Trx,
  at: Instant,
  notices: readonly Notice[],
): Promise<string[]> {
  if (trx.phase < 3 || notices.length === 0) return [];
  const rows = notices.map((notice) => ({
    notification_id: mintId('ntf', new Date(at)),
    ...notice,
    data: JSON.stringify(notice.data),
    created_at: at,
  }));
  const inserted = await sql<{ notification_id: string }>`
    INSERT INTO notifications (notification_id, user_id, notification_type, alert_level, title, message, data, created_at)
    SELECT notification_id, user_id, notification_type::notification_type, alert_level::alert_level, title, message,
      data::json, created_at
    FROM ${unnest(
      'n',
      {
        notification_id: 'text',
        user_id: 'text',
        notification_type: 'text',
        alert_level: 'text',
        title: 'text',
        message: 'text',
        data: 'text',
        created_at: 'timestamp',
      },
      rows,
    )}
    ON CONFLICT (notification_id) DO NOTHING RETURNING notification_id`.execute(trx.db);
  const ids = inserted.rows.map((row) => row.notification_id);
  trx.touch('notification', ids);
  return ids;
}
