import { type Verbs, verb } from '../cli/command.ts';

export const verbs: Verbs = {
  set: verb(
    'Set a risk rule of a trader, or those of a template',
    async () => (await import('./set.ts')).set,
  ),
  list: verb('List risk rules', async () => (await import('./list.ts')).list),
  remove: verb('Remove a risk rule', async () => (await import('./remove.ts')).remove),
};
