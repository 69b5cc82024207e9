import { type Verbs, verb } from '../cli/command.ts';

export const verbs: Verbs = {
  add: verb('Add a strategy, from flags or a JSON file', async () => (await import('./add.ts')).add),
  list: verb('List strategies', async () => (await import('./list.ts')).list),
  show: verb('Show one strategy', async () => (await import('./show.ts')).show),
  activate: verb('Let a trader run a strategy', async () => (await import('./activate.ts')).activate),
};
