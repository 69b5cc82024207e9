import { choice, integer, withDefault } from '../../cli/flags.ts';
import type { Fields } from '../../cli/result.ts';

export const table = withDefault(choice(['orders', 'positions'], 'TABLE', 'which table'), 'orders');

/** How many months ahead must have partitions. */
export const months = withDefault(integer('N', 'how many months ahead', 1, 24), '3');

export const stepFields = {
  step: { type: 'text' },
  attempts: { type: 'integer' },
  locked_ms: { type: 'integer' },
  duration_ms: { type: 'integer' },
  sql: { type: 'text', hidden: true },
} as const satisfies Fields;
