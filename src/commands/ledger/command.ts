import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  adopt: verb('Take over what other programs wrote', async () => (await import('./adopt.ts')).adopt),
};
