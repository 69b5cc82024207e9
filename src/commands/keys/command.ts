import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  generate: verb('Add a new key to the key ring', async () => (await import('./generate.ts')).generate),
  activate: verb('Make a key the one that encrypts', async () => (await import('./activate.ts')).activate),
  rotate: verb(
    'Re-encrypt every credential with the active key',
    async () => (await import('./rotate.ts')).rotate,
  ),
  encrypt: verb(
    'Encrypt the credentials that are stored in the clear',
    async () => (await import('./encrypt.ts')).encrypt,
  ),
  verify: verb(
    'Verify that every credential can be decrypted',
    async () => (await import('./verify.ts')).verify,
  ),
  status: verb('Show the keys and what they encrypt', async () => (await import('./status.ts')).status),
  retire: verb('Remove an unused key from the ring', async () => (await import('./retire.ts')).retire),
};
