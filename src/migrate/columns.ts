import type { Fields } from '../cli/result.ts';

/** A phase and whether the database has it. */
export const phaseFields = {
  phase: { type: 'integer' },
  name: { type: 'text' },
  state: { type: 'text' },
  applied_at: { type: 'time' },
  applied_by: { type: 'text' },
  duration_ms: { type: 'integer' },
} as const satisfies Fields;

/** A recorded phase that is not as its folder has it. */
export const changeFields = {
  phase: { type: 'integer' },
  name: { type: 'text' },
  part: { type: 'text' },
  recorded: { type: 'text' },
  actual: { type: 'text' },
} as const satisfies Fields;
