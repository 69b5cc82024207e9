import { type Verbs, verb } from '../cli/command.ts';

export const verbs: Verbs = {
  add: verb('Add a trader; the API key is shown once', async () => (await import('./add.ts')).add),
  list: verb('List traders', async () => (await import('./list.ts')).list),
  show: verb('Show one trader', async () => (await import('./show.ts')).show),
};
