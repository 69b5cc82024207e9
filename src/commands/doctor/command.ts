import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  ledger: verb('Prove the invariants of the book', async () => (await import('./ledger.ts')).ledger),
  realtime: verb(
    'Compare what Redis shows with the book',
    async () => (await import('./realtime.ts')).realtime,
  ),
  replicas: verb(
    'Whether the replicas are there and have caught up',
    async () => (await import('./replicas.ts')).replicas,
  ),
};
