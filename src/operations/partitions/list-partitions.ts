import type { Context } from '../../context.ts';
import { instant } from '../../domain/instant.ts';
import { refusePositions } from './assert-partitionable.ts';
import { readPartitions } from './layout.ts';
import { HISTORY_PARTITION, timeOf } from './months.ts';

/** The partitions of a table with the times their ids are minted from; none where it is one table. */
export async function listPartitions(ctx: Context, table: string) {
  refusePositions(table);
  const partitions = await readPartitions(await ctx.db());
  if (!partitions) await ctx.io.say('orders is not partitioned.');
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
}
