import { type Verbs, verb } from '../../cli/command.ts';

export const verbs: Verbs = {
  print: verb(
    'Print all metrics, or write them for node_exporter',
    async () => (await import('./print.ts')).print,
  ),
  serve: verb('Answer a Prometheus server', async () => (await import('./serve.ts')).serve),
};
