import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  login: verb('Log traders in at the broker', async () => (await import('./login.ts')).login),
  logout: verb('End the session of a trader at the broker', async () => (await import('./logout.ts')).logout),
  status: verb('Show sessions, last syncs and open calls', async () => (await import('./status.ts')).status),
  sync: verb(
    'Bring orders and executions of the broker into the book',
    async () => (await import('./sync.ts')).sync,
  ),
  funds: verb('Show the funds of traders at the broker', async () => (await import('./funds.ts')).funds),
  paper: {
    summary: 'The paper broker, which trades without money',
    verbs: async () => (await import('./paper/command.ts')).verbs,
  },
};
