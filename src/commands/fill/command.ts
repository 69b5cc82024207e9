import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  list: verb('List executions, latest booked first', async () => (await import('./list.ts')).list),
  bust: verb('Take an execution back', async () => (await import('./bust.ts')).bust),
  correct: verb(
    'Give an execution its right quantity, price or time',
    async () => (await import('./correct.ts')).correct,
  ),
};
