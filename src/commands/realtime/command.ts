import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  drain: verb('Bring to Redis what is committed and waits', async () => (await import('./drain.ts')).drain),
  rebuild: verb('Make Redis anew from the book', async () => (await import('./rebuild.ts')).rebuild),
};
