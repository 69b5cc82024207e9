import { usage } from '../cli/errors.ts';
import { duration, integer, optional, withDefault } from '../cli/flags.ts';
import type { Phase } from './scripts.ts';

/** How long a rollout waits for another one. */
export const lockWait = withDefault(duration('how long to wait for another rollout'), '60s');

/** The phase to stop at. */
export const to = (help: string, min: number) => optional(integer('N', help, min, 1_000));

/** Refuses a phase that there are no scripts for. */
export function checkPhase(label: string, phase: number, phases: readonly Phase[]): void {
  if (phase > phases.length)
    throw usage(`${label}: there is no phase ${phase}; the last is ${phases.length}.`);
}
