import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  ledger: verb('Verify the invariants of the book', async () => (await import('./ledger.ts')).ledger),
  realtime: verb('Compare Redis with the book', async () => (await import('./realtime.ts')).realtime),
  replicas: verb(
    'Check that replicas are reachable and have caught up',
    async () => (await import('./replicas.ts')).replicas,
  ),
};
