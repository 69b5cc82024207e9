import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  list: verb('List who changed what, newest first', async () => (await import('./list.ts')).list),
  show: verb('Show one entry, and whether its seal holds', async () => (await import('./show.ts')).show),
  verify: verb(
    'Prove that nothing was altered, deleted or slipped in',
    async () => (await import('./verify.ts')).verify,
  ),
  seal: verb(
    'Seal what is not sealed yet, and sign how far it goes',
    async () => (await import('./seal.ts')).seal,
  ),
  export: verb('Write the log and its seals to a file', async () => (await import('./export.ts')).exportLog),
};
