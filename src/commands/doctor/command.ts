import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  engine: verb(
    'Probe whether the server does what PostgreSQL does',
    async () => (await import('./engine.ts')).engine,
  ),
  ledger: verb('Verify the invariants of the book', async () => (await import('./ledger.ts')).ledger),
  realtime: verb('Compare Redis with the book', async () => (await import('./realtime.ts')).realtime),
  replicas: verb(
    'Check that replicas are reachable and have caught up',
    async () => (await import('./replicas.ts')).replicas,
  ),
};
