import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  orders: verb(
    'Compare orders and executions with the broker',
    async () => (await import('./orders.ts')).orders,
  ),
  positions: verb(
    'Compare positions with the broker',
    async () => (await import('./positions.ts')).positions,
  ),
  funds: verb(
    'Compare the capital with the funds at the broker',
    async () => (await import('./funds.ts')).funds,
  ),
  adopt: verb(
    'Take over an order or a position of the broker',
    async () => (await import('./adopt.ts')).adopt,
  ),
};
