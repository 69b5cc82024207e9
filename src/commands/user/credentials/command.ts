import { type Verbs, verb } from '../../../cli/command.ts';

export const verbs: Verbs = {
  set: verb('Store a broker credential, encrypted', async () => (await import('./set.ts')).set),
  import: verb(
    'Store the broker credentials of many users',
    async () => (await import('./import.ts')).importCredentialFile,
  ),
  show: verb(
    'Show which credentials are stored, never their values',
    async () => (await import('./show.ts')).show,
  ),
  clear: verb('Remove broker credentials', async () => (await import('./clear.ts')).clear),
  verify: verb(
    "Verify that a user's credentials can be decrypted",
    async () => (await import('./verify.ts')).verify,
  ),
};
