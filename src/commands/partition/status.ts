import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { table } from './fields.ts';

export const status = defineCommand({
  effect: 'read',
  phase: 1,
  args: { table },
  flags: {},
  fields: {
    partition: { type: 'text' },
    since: { type: 'time' },
    until: { type: 'time' },
    rows: { type: 'integer' },
    bytes: { type: 'integer' },
    first_id: { type: 'text', hidden: true },
    end_id: { type: 'text', hidden: true },
  },
  examples: ['partition status', 'partition status orders --json'],
  details:
    'since and until bound the times from which the ids of a partition are minted; orders_history holds everything before, and ids of other forms. rows is the estimate of the last ANALYZE; bytes includes indexes. Lists nothing where orders is not partitioned.',
  async run({ table }, ctx: Context) {
    const { listPartitions } = await import('../../operations/partitions/list-partitions.ts');
    return listPartitions(ctx, table);
  },
});
