import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  generate: verb('Add a new key to the key ring', async () => (await import('./generate.ts')).generate),
  activate: verb('Encrypt with this key from now on', async () => (await import('./activate.ts')).activate),
  rotate: verb(
    'Encrypt every credential anew with the active key',
    async () => (await import('./rotate.ts')).rotate,
  ),
  verify: verb('Prove that every credential can be read', async () => (await import('./verify.ts')).verify),
  status: verb('Show the keys and what uses them', async () => (await import('./status.ts')).status),
  retire: verb(
    'Take a key that nothing uses out of the ring',
    async () => (await import('./retire.ts')).retire,
  ),
};
