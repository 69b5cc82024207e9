import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  list: verb('List notifications, unread first', async () => (await import('./list.ts')).list),
  show: verb('Show one notification', async () => (await import('./show.ts')).show),
  watch: verb('Show notifications as they are created', async () => (await import('./watch.ts')).watch),
  read: verb('Mark notifications as read', async () => (await import('./read.ts')).read),
  send: verb('Send a notification to a user or to everyone', async () => (await import('./send.ts')).send),
  export: verb(
    'Write notifications to a file or a pipe',
    async () => (await import('./export.ts')).exportNotifications,
  ),
};
