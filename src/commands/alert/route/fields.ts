import type { Fields } from '../../../cli/result.ts';

export const routeFields = {
  route_id: { type: 'text' },
  channel: { type: 'text' },
  user_id: { type: 'text' },
  min_level: { type: 'text', kind: 'state' },
  types: { type: 'json' },
  quiet: { type: 'text' },
  group_wait: { type: 'integer', kind: 'seconds', minor: true },
  repeat_after: { type: 'integer', kind: 'seconds', minor: true },
  hourly_limit: { type: 'integer', minor: true },
  created_at: { type: 'time', minor: true },
} as const satisfies Fields;
