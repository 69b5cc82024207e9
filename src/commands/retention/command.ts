import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  plan: verb(
    'Show what is due for deletion, and what is kept and why',
    async () => (await import('./plan.ts')).plan,
  ),
  run: verb('Delete rows and keys that are due', async () => (await import('./run.ts')).run),
};
