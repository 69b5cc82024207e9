import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  estimate: verb(
    'Estimate what an order costs, and where it breaks even',
    async () => (await import('./estimate.ts')).estimate,
  ),
  show: verb('Show what a day costs, by trader and exchange', async () => (await import('./show.ts')).show),
  compare: verb(
    'Compare contract notes of the broker with what was computed and booked',
    async () => (await import('./compare.ts')).compare,
  ),
  book: verb('Book what a day costs, once', async () => (await import('./book.ts')).book),
};
