import { type Verbs, verb } from '../cli/command.ts';

export const verbs: Verbs = {
  up: verb('Apply the pending phases', async () => (await import('./up.ts')).up),
  status: verb('Show which phases are applied', async () => (await import('./status.ts')).status),
};
