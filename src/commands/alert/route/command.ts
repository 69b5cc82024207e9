import { type Verbs, verb } from '../../../cli/command.ts';

export const verbs: Verbs = {
  add: verb('Send notifications to a channel from now on', async () => (await import('./add.ts')).add),
  list: verb('List routes', async () => (await import('./list.ts')).list),
  remove: verb('Remove a route', async () => (await import('./remove.ts')).remove),
};
