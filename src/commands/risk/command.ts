import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  set: verb('Set a risk rule of a user, or those of a template', async () => (await import('./set.ts')).set),
  list: verb('List risk rules', async () => (await import('./list.ts')).list),
  remove: verb('Remove a risk rule', async () => (await import('./remove.ts')).remove),
  check: verb(
    'Evaluate the rules, or preview an order against them',
    async () => (await import('./check.ts')).check,
  ),
  'time-zone': verb(
    'Set the time zone of the trading day',
    async () => (await import('./time-zone.ts')).timeZone,
  ),
  halt: verb('Halt trading: the kill switch', async () => (await import('./halt.ts')).halt),
  flatten: verb(
    'Close the open positions of a user or of everyone',
    async () => (await import('./flatten.ts')).flatten,
  ),
  resume: verb('Lift a halt', async () => (await import('./resume.ts')).resume),
  status: verb('Show halts and the state of the rules', async () => (await import('./status.ts')).status),
};
