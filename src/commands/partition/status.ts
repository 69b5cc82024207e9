import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { instant } from '../../domain/instant.ts';
import { readPartitions } from '../../operations/partitions/layout.ts';
import { HISTORY_PARTITION, timeOf } from '../../operations/partitions/months.ts';
import { refusePositions, table } from './fields.ts';

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
    'since and until are the times that ids of the partition are minted from; orders_history holds everything before, and ids of other kinds. rows is the estimate of the last ANALYZE, bytes counts indexes too. Nothing is listed where orders is one table.',
  async run({ table }, ctx: Context) {
    refusePositions(table);
    const partitions = await readPartitions(await ctx.db());
    if (!partitions) await ctx.io.say('orders is one table.');
    const time = (bound: string | null) => {
      const at = bound === null ? undefined : timeOf(bound);
      return at ? instant(at) : null;
    };
    return (partitions ?? []).map(({ name, from, to, rows, bytes }, _, all) => ({
      partition: name,
      since: time(from),
      until: name === HISTORY_PARTITION ? time(all[1]?.from ?? null) : time(to),
      rows,
      bytes,
      first_id: from,
      end_id: to,
    }));
  },
});
