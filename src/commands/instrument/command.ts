import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  import: verb(
    'Import the instruments of the broker or of NSE',
    async () => (await import('./import.ts')).importMaster,
  ),
  search: verb('Find instruments by name or symbol', async () => (await import('./search.ts')).search),
  show: verb('Show what is known of a symbol', async () => (await import('./show.ts')).show),
};
