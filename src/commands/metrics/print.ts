import { defineCommand } from '../../cli/command.ts';
import { choice, optional, text, withDefault } from '../../cli/flags.ts';
import { withFlag, withoutFlag } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { reportFileFields } from '../_shared/report-file.ts';
import { metricsFlags } from './flags.ts';

export const print = defineCommand({
  effect: 'read',
  roles: ['auditor', 'operator'],
  args: {},
  flags: {
    format: withDefault(
      choice(['prometheus', 'openmetrics'], 'FORMAT', 'how the text is written'),
      'prometheus',
    ),
    output: optional(
      text('FILE', 'the file to write or replace, which everybody can read (default: stdout)', 4_096),
    ),
    ...metricsFlags,
  },
  fields: {
    ...withoutFlag('output', {
      metric: { type: 'text' },
      labels: { type: 'json' },
      value: { type: 'number' },
    }),
    ...withFlag('output', reportFileFields),
  },
  examples: [
    'metrics print',
    'metrics print --output pinnacle.prom',
    'metrics print --json metric,labels,value',
  ],
  details: `Orders, executions, P&L, risk, halts, notifications, outbox, seals, backups, replicas and the schema, as docs/metrics.md lists
them. No id or name of a trader is among them without --by user. --output is for the textfile collector of node_exporter: the file
is written beside its name and renamed, so that it is never read half. If the database does not answer, pinnacle_scrape_success is
0, and it exits 7.`,
  async run({ format, output, by }, ctx: Context) {
    const { printMetrics } = await import('../../operations/metrics/print-metrics.ts');
    return printMetrics(ctx, { format, output, byUser: by === 'user' });
  },
});
