import { duration, integer, optional, toggle, withDefault } from '../../cli/flags.ts';
import type { Fields } from '../../cli/result.ts';

/** A phase and its state in the database. */
export const phaseFields = {
  phase: { type: 'integer' },
  name: { type: 'text' },
  state: { type: 'text', kind: 'state' },
  applied_at: { type: 'time' },
  applied_by: { type: 'text' },
  duration_ms: { type: 'integer' },
} as const satisfies Fields;

/** The same of a step, with its number. */
export const stepFields = {
  phase: { type: 'integer' },
  step: { type: 'integer', onlyWithFlag: 'steps', optional: true },
  name: { type: 'text' },
  state: { type: 'text', kind: 'state' },
  applied_at: { type: 'time' },
  applied_by: { type: 'text' },
  duration_ms: { type: 'integer' },
} as const satisfies Fields;

/** A difference between a recorded phase and its folder. */
export const changeFields = {
  phase: { type: 'integer' },
  name: { type: 'text' },
  part: { type: 'text' },
  recorded: { type: 'text' },
  actual: { type: 'text' },
} as const satisfies Fields;

/** How long a rollout waits for another one. */
export const lockWait = withDefault(duration('how long to wait for another rollout'), '60s');

/** Whether movements of money may go while they are in the capital. */
export const keepCapital = toggle('drop movements of money, and leave in the capital what they made of it');

/** Which rules the database itself keeps. */
export const strict = toggle('let the database keep every rule of the book: see schema strict');

/** The phase to stop at. */
export const to = (help: string, min: number) => optional(integer('N', help, min, 1_000));
