import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  enable: verb(
    'Turn a table into one of monthly partitions',
    async () => (await import('./enable.ts')).enable,
  ),
  ensure: verb('Make the partitions of the months ahead', async () => (await import('./ensure.ts')).ensure),
  check: verb('Whether the partitions are as they should be', async () => (await import('./check.ts')).check),
  status: verb('Show the partitions of a table', async () => (await import('./status.ts')).status),
};
