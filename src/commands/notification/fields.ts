import type { Fields } from '../../cli/result.ts';

export const notificationFields = {
  notification_id: { type: 'text' },
  user_id: { type: 'text', vital: true },
  notification_type: { type: 'text', minor: true },
  alert_level: { type: 'text', kind: 'state' },
  title: { type: 'text' },
  message: { type: 'text' },
  data: { type: 'json', hidden: true },
  created_at: { type: 'time', vital: true },
  read_at: { type: 'time', minor: true },
} as const satisfies Fields;
