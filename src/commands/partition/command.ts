import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  enable: verb('Turn a table into monthly partitions', async () => (await import('./enable.ts')).enable),
  ensure: verb('Create the partitions of the months ahead', async () => (await import('./ensure.ts')).ensure),
  check: verb('Check the partitions of a table', async () => (await import('./check.ts')).check),
  status: verb('Show the partitions of a table', async () => (await import('./status.ts')).status),
};
