import { type Verbs, verb } from '../../../cli/command.ts';

export const verbs: Verbs = {
  add: verb('Add a mail address, webhook or chat', async () => (await import('./add.ts')).add),
  list: verb('List channels, and how well they work', async () => (await import('./list.ts')).list),
  test: verb('Send a test message', async () => (await import('./test.ts')).test),
  rotate: verb('Replace the secret of a channel', async () => (await import('./rotate.ts')).rotate),
  enable: verb('Let a channel send', async () => (await import('./enable.ts')).enable),
  disable: verb(
    'Keep what is for a channel, and send nothing',
    async () => (await import('./disable.ts')).disable,
  ),
  remove: verb('Remove a channel and its routes', async () => (await import('./remove.ts')).remove),
};
