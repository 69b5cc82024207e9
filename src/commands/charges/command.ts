import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  estimate: verb(
    'Estimate what an order costs, and where it breaks even',
    async () => (await import('./estimate.ts')).estimate,
  ),
};
