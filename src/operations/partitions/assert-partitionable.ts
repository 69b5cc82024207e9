import type { Context } from '../../context.ts';
import { refused } from '../../util/failure.ts';

/** Throws POSITIONS_STAY_WHOLE (exit 5): the unique index on open positions cannot span partitions. */
export function refusePositions(table: string): void {
  if (table === 'positions')
    throw refused(
      'POSITIONS_STAY_WHOLE',
      'positions cannot be partitioned by id: positions_one_open (one open position per user, symbol and strategy) is a unique index without the id, and PostgreSQL enforces such an index within one partition only.',
      'positions stays one table, and its foreign keys to orders hold. See docs/scaling.md.',
    );
}

/** Throws POSITIONS_STAY_WHOLE, or NO_PARTITIONS (exit 5) on the embedded database. */
export async function assertPartitionable(ctx: Context, table: string): Promise<void> {
  refusePositions(table);
  const { kind } = await ctx.migrationConnection();
  if (kind === 'embedded')
    throw refused(
      'NO_PARTITIONS',
      'The embedded database is meant for a single user and a small book: its tables are not partitioned.',
      'Partitions need a PostgreSQL server: set DATABASE_URL.',
    );
}
