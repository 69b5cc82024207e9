import { rowsOf } from '../rows-of.ts';

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

const notifications = rowsOf(
  'notifications',
  NOTIFICATION_COLUMNS,
  'notification',
  'See: pinnacle notification list',
);

export const findNotification = notifications.find;
