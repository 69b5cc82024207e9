import type { Fields } from '../../cli/result.ts';

export const auditFields = {
  id: { type: 'integer' },
  at: { type: 'time' },
  actor: { type: 'text' },
  command: { type: 'text' },
  target: { type: 'text' },
  duration_ms: { type: 'integer', minor: true },
  txid: { type: 'integer', hidden: true },
  body: { type: 'json', hidden: true },
} as const satisfies Fields;
