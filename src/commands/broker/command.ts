import type { Verbs } from '../../cli/command.ts';

export const verbs: Verbs = {
  paper: {
    summary: 'The paper broker, which trades without money',
    verbs: async () => (await import('./paper/command.ts')).verbs,
  },
};
