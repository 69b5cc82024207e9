import { type Verbs, verb } from '../../../cli/command.ts';

export const verbs: Verbs = {
  list: verb("List a user's sessions", async () => (await import('./list.ts')).list),
  revoke: verb('End one session', async () => (await import('./revoke.ts')).revoke),
  'revoke-all': verb('End every session of a user', async () => (await import('./revoke-all.ts')).revokeAll),
};
