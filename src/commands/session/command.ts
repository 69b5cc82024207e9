import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  start: verb('Start a trading session', async () => (await import('./start.ts')).start),
  end: verb('End the running session of a user', async () => (await import('./end.ts')).end),
  recompute: verb(
    'Set the totals of a session to what its fills come to',
    async () => (await import('./recompute.ts')).recompute,
  ),
  list: verb('List trading sessions, newest first', async () => (await import('./list.ts')).list),
  show: verb('Show one session with its equity and drawdown', async () => (await import('./show.ts')).show),
  export: verb(
    'Write sessions to a file or a pipe',
    async () => (await import('./export.ts')).exportSessions,
  ),
};
