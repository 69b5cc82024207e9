import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  add: verb('Add a trader; the API key is shown once', async () => (await import('./add.ts')).add),
  import: verb('Add the traders of a file', async () => (await import('./import.ts')).importUsers),
  list: verb('List traders', async () => (await import('./list.ts')).list),
  show: verb('Show one trader', async () => (await import('./show.ts')).show),
  update: verb(
    'Change the name, e-mail address or risk tolerance of a user',
    async () => (await import('./update.ts')).update,
  ),
  disable: verb(
    'Keep a trader out: no logins, no new orders',
    async () => (await import('./disable.ts')).disable,
  ),
  enable: verb('Let a disabled trader in again', async () => (await import('./enable.ts')).enable),
  'rotate-key': verb(
    'Give a trader a new API key, shown once',
    async () => (await import('./rotate-key.ts')).rotateKey,
  ),
  'revoke-key': verb('End the API keys of a trader', async () => (await import('./revoke-key.ts')).revokeKey),
  login: verb(
    'Begin a session with an API key; its token is shown once',
    async () => (await import('./login.ts')).login,
  ),
  'verify-key': verb('Tell whose an API key is', async () => (await import('./verify-key.ts')).verifyKey),
  sessions: {
    summary: 'Sessions that logins began',
    verbs: async () => (await import('./sessions/command.ts')).verbs,
  },
  credentials: {
    summary: 'Broker credentials, encrypted',
    verbs: async () => (await import('./credentials/command.ts')).verbs,
  },
};
