import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  channel: {
    summary: 'Where alerts are sent',
    verbs: async () => (await import('./channel/command.ts')).verbs,
  },
  route: {
    summary: 'Which notifications go to which channel, and when',
    verbs: async () => (await import('./route/command.ts')).verbs,
  },
  deliver: verb('Send what is due', async () => (await import('./deliver.ts')).deliver),
  status: verb(
    'List messages that are not sent yet, or never will be',
    async () => (await import('./status.ts')).status,
  ),
  retry: verb('Try messages again that were given up', async () => (await import('./retry.ts')).retry),
  dismiss: verb('Remove messages that were given up', async () => (await import('./dismiss.ts')).dismiss),
};
