import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { months, stepFields, table } from './fields.ts';

export const enable = defineCommand({
  effect: 'write',
  roles: ['owner'],
  multiStep: true,
  phase: 1,
  repeat: 'resumes',
  args: { table },
  flags: { months },
  fields: stepFields,
  examples: ['partition enable orders --dry-run --json', 'partition enable orders --yes'],
  details:
    'Works on a live table and copies nothing: the existing orders become one partition, for everything before the next month (the one after, within a week of its start) and for ids that are not time-ordered. Only the switch needs an exclusive lock, for milliseconds; it is requested briefly and often instead of waited for. After an interruption at any point, run it again to complete it. Between the check of the old table and the switch, an order with an id of a later month is refused. positions is refused: see docs/scaling.md.',
  async run(input, ctx: Context) {
    const { enablePartitions } = await import('../../operations/partitions/enable-partitions.ts');
    return enablePartitions(ctx, input);
  },
});
