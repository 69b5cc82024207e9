import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  list: verb('List audit entries, newest first', async () => (await import('./list.ts')).list),
  show: verb('Show one entry and verify its seal', async () => (await import('./show.ts')).show),
  verify: verb(
    'Verify that no entry was altered, deleted or inserted',
    async () => (await import('./verify.ts')).verify,
  ),
  foreign: verb('List what other programs wrote', async () => (await import('./foreign.ts')).foreign),
  seal: verb('Seal new entries and sign a checkpoint', async () => (await import('./seal.ts')).seal),
  export: verb('Write the log and its seals to a file', async () => (await import('./export.ts')).exportLog),
};
