import { choice, integer, withDefault } from '../../cli/flags.ts';
import type { Fields } from '../../cli/result.ts';
import { refused } from '../../util/failure.ts';

export const table = withDefault(choice(['orders', 'positions'], 'TABLE', 'which table'), 'orders');

/** How many months ahead there should be partitions for. */
export const months = withDefault(integer('N', 'how many months ahead', 1, 24), '3');

export const stepFields = {
  step: { type: 'text' },
  attempts: { type: 'integer' },
  locked_ms: { type: 'integer' },
  duration_ms: { type: 'integer' },
  sql: { type: 'text', hidden: true },
} as const satisfies Fields;

/** Throws POSITIONS_STAY_WHOLE (exit 5): what makes a position the only open one cannot span partitions. */
export function refusePositions(name: string): void {
  if (name === 'positions')
    throw refused(
      'POSITIONS_STAY_WHOLE',
      'positions cannot be partitioned by id: positions_one_open, one open position a trader, symbol and strategy, is a unique index without the id, and PostgreSQL enforces such a one within a partition only.',
      'positions stays one table, and its keys to orders hold. See docs/scaling.md.',
    );
}
