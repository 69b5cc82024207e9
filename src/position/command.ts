import { type Verbs, verb } from '../cli/command.ts';

export const verbs: Verbs = {
  list: verb('List positions, open ones unless said', async () => (await import('./list.ts')).list),
  show: verb('Show one position', async () => (await import('./show.ts')).show),
};
