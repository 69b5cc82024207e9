import type { Fields } from '../../cli/result.ts';

export const stepFields = {
  change: { type: 'text' },
  role: { type: 'text' },
  object: { type: 'text' },
  sql: { type: 'text' },
} as const satisfies Fields;
