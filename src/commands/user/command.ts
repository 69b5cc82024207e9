import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  add: verb('Add a user; the API key is shown once', async () => (await import('./add.ts')).add),
  import: verb('Add the users of a file', async () => (await import('./import.ts')).importUsers),
  list: verb('List users', async () => (await import('./list.ts')).list),
  show: verb('Show one user', async () => (await import('./show.ts')).show),
  update: verb(
    'Change the name, e-mail address or risk tolerance of a user',
    async () => (await import('./update.ts')).update,
  ),
  deposit: verb('Book money that a user pays in', async () => (await import('./deposit.ts')).depositMoney),
  withdraw: verb(
    'Book money that a user takes out, as far as it is free',
    async () => (await import('./withdraw.ts')).withdrawMoney,
  ),
  flows: verb('List movements of money, latest day first', async () => (await import('./flows.ts')).flows),
  'flow-totals': verb(
    'Show what movements of money come to, by kind',
    async () => (await import('./flow-totals.ts')).flowTotals,
  ),
  'reverse-flow': verb(
    'Counter a movement of money that was booked by mistake',
    async () => (await import('./reverse-flow.ts')).reverse,
  ),
  disable: verb(
    'Disable a user: no logins, no new orders',
    async () => (await import('./disable.ts')).disable,
  ),
  enable: verb('Enable a disabled user', async () => (await import('./enable.ts')).enable),
  offboard: verb(
    'Take a user out of service, and write the whole history to a folder',
    async () => (await import('./offboard.ts')).offboard,
  ),
  'rotate-key': verb(
    'Replace the API key of a user; the new one is shown once',
    async () => (await import('./rotate-key.ts')).rotateKey,
  ),
  'revoke-key': verb(
    'Revoke the API keys of a user',
    async () => (await import('./revoke-key.ts')).revokeKey,
  ),
  login: verb(
    'Log a user in with an API key; the token is shown once',
    async () => (await import('./login.ts')).login,
  ),
  'verify-key': verb('Show the user of an API key', async () => (await import('./verify-key.ts')).verifyKey),
  logins: {
    summary: 'Login sessions',
    formerly: 'sessions',
    verbs: async () => (await import('./logins/command.ts')).verbs,
  },
  credentials: {
    summary: 'Broker credentials, encrypted',
    verbs: async () => (await import('./credentials/command.ts')).verbs,
  },
};
