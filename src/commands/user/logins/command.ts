import { type Verbs, verb } from '../../../cli/command.ts';

export const verbs: Verbs = {
  list: verb("List a user's login sessions", async () => (await import('./list.ts')).list),
  revoke: verb('End one login session', async () => (await import('./revoke.ts')).revoke),
  'revoke-all': verb(
    'End every login session of a user',
    async () => (await import('./revoke-all.ts')).revokeAll,
  ),
};
