import { type Verbs, verb } from '../../../cli/command.ts';

export const verbs: Verbs = {
  set: verb('Store a broker credential, encrypted', async () => (await import('./set.ts')).set),
  show: verb(
    'Show which credentials are stored, never what they are',
    async () => (await import('./show.ts')).show,
  ),
  clear: verb('Remove broker credentials', async () => (await import('./clear.ts')).clear),
  verify: verb(
    "Prove that a trader's credentials can be read",
    async () => (await import('./verify.ts')).verify,
  ),
};
