import { type Verbs, verb } from '../../../cli/command.ts';

export const verbs: Verbs = {
  run: verb('Match orders at the paper broker with quotes', async () => (await import('./run.ts')).run),
};
