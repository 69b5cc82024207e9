import { duration, integer, optional, withDefault } from '../../cli/flags.ts';
import type { Fields } from '../../cli/result.ts';
import type { Phase } from '../../operations/migrations/scripts.ts';
import { usage } from '../../util/failure.ts';

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
/** How long a rollout waits for another one. */
export const lockWait = withDefault(duration('how long to wait for another rollout'), '60s');
/** The phase to stop at. */
export const to = (help: string, min: number) => optional(integer('N', help, min, 1000));
/** Refuses a phase that there are no scripts for. */
export function checkPhase(label: string, phase: number, phases: readonly Phase[]): void {
  if (phase > phases.length)
    throw usage(`${label}: there is no phase ${phase}; the last is ${phases.length}.`);
}
