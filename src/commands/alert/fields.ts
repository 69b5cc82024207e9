import type { Fields } from '../../cli/result.ts';

export const deliveryFields = {
  delivery_id: { type: 'text' },
  channel: { type: 'text' },
  state: { type: 'text', kind: 'state' },
  attempts: { type: 'integer' },
  level: { type: 'text', kind: 'state' },
  title: { type: 'text' },
  notifications: { type: 'integer' },
  created_at: { type: 'time' },
  next_at: { type: 'time' },
  sent_at: { type: 'time', minor: true },
  channel_state: { type: 'text', kind: 'state', minor: true },
  last_error: { type: 'text' },
  route_id: { type: 'text', minor: true },
  provider_id: { type: 'text', minor: true },
} as const satisfies Fields;
