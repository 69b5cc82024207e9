import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  plan: verb('What is past its time, and what is kept and why', async () => (await import('./plan.ts')).plan),
  run: verb('Delete what is past its time', async () => (await import('./run.ts')).run),
};
