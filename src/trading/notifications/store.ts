import type { Kysely } from 'kysely';
import type { Database } from '../../platform/postgres/tables.ts';
import { notFound } from '../../util/failure.ts';

export const NOTIFICATION_COLUMNS = [
  'notification_id',
  'user_id',
  'notification_type',
  'alert_level',
  'title',
  'message',
  'data',
  'created_at',
  'read_at',
] as const;

/** One notification; throws NOTIFICATION_NOT_FOUND. */
export async function findNotification(db: Kysely<Database>, notificationId: string) {
  const notification = await db
    .selectFrom('notifications')
    .select(NOTIFICATION_COLUMNS)
    .where('notification_id', '=', notificationId)
    .executeTakeFirst();
  if (!notification) throw notFound('notification', notificationId, 'See: pinnacle notification list');
  return notification;
}
