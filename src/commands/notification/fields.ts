import type { Fields } from '../../cli/result.ts';

export const notificationFields = {
  notification_id: { type: 'text' },
  user_id: { type: 'text' },
  notification_type: { type: 'text' },
  alert_level: { type: 'text' },
  title: { type: 'text' },
  message: { type: 'text' },
  data: { type: 'json', hidden: true },
  created_at: { type: 'time' },
  read_at: { type: 'time' },
} as const satisfies Fields;
