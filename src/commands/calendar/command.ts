import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  import: verb(
    'Import holidays and special sessions of an exchange',
    async () => (await import('./import.ts')).importDays,
  ),
  show: verb('Show holidays, special sessions, or a day', async () => (await import('./show.ts')).show),
};
