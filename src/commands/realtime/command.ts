import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  drain: verb('Project committed changes to Redis', async () => (await import('./drain.ts')).drain),
  rebuild: verb(
    'Rebuild the projection in Redis from the book',
    async () => (await import('./rebuild.ts')).rebuild,
  ),
};
