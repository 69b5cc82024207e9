import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  print: verb(
    'Print the jobs of a trading day for cron or systemd',
    async () => (await import('./print.ts')).print,
  ),
};
