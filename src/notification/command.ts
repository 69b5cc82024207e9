import { type Verbs, verb } from '../cli/command.ts';

export const verbs: Verbs = {
  list: verb('List notifications, unread first', async () => (await import('./list.ts')).list),
  show: verb('Show one notification', async () => (await import('./show.ts')).show),
  read: verb('Mark notifications as read', async () => (await import('./read.ts')).read),
  send: verb('Send a notification to a trader or to everyone', async () => (await import('./send.ts')).send),
};
