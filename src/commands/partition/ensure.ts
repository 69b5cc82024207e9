import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { months, stepFields, table } from './fields.ts';

export const ensure = defineCommand({
  effect: 'write',
  roles: ['owner'],
  multiStep: true,
  phase: 1,
  repeat: 'resumes',
  singleInstance: true,
  args: { table },
  flags: { months },
  fields: stepFields,
  examples: ['partition ensure', 'partition ensure orders --months 6', 'partition ensure --dry-run --json'],
  details:
    'For cron, once a day or once a month. Does nothing while the months ahead have partitions. Where it has not run for longer than that, new orders are in orders_ahead, which becomes a partition itself; no row is moved. Needs the owner of the tables, and exclusive locks for milliseconds.',
  async run(input, ctx: Context) {
    const { ensurePartitions } = await import('../../operations/partitions/ensure-partitions.ts');
    return ensurePartitions(ctx, input);
  },
});
