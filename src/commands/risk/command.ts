import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  set: verb(
    'Set a risk rule of a trader, or those of a template',
    async () => (await import('./set.ts')).set,
  ),
  list: verb('List risk rules', async () => (await import('./list.ts')).list),
  remove: verb('Remove a risk rule', async () => (await import('./remove.ts')).remove),
  check: verb(
    'Measure the rules, or ask what an order would meet',
    async () => (await import('./check.ts')).check,
  ),
  halt: verb('Halt trading: the kill switch', async () => (await import('./halt.ts')).halt),
  resume: verb('Let trading go on after a halt', async () => (await import('./resume.ts')).resume),
  status: verb(
    'Show who is halted, and how the rules stand',
    async () => (await import('./status.ts')).status,
  ),
};
