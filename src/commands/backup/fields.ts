import type { Fields } from '../../cli/result.ts';

/** The columns of a backup. */
export const backupFields = {
  name: { type: 'text' },
  created_at: { type: 'time' },
  bytes: { type: 'integer' },
  rows: { type: 'integer' },
  phase: { type: 'integer' },
  encrypted: { type: 'boolean' },
  authenticated: { type: 'boolean', hidden: true },
  verified_at: { type: 'time' },
  deep: { type: 'boolean', hidden: true },
  problem: { type: 'text' },
  database: { type: 'text', hidden: true },
  path: { type: 'text', hidden: true },
} as const satisfies Fields;
