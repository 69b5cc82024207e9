import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  list: verb('List executions, latest booked first', async () => (await import('./list.ts')).list),
};
