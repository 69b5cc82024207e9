import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  inspect: verb(
    'Say what a file is, and how it would be read',
    async () => (await import('./inspect.ts')).inspect,
  ),
};
