import { defineCommand } from '../../cli/command.ts';
import { integer, optional } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';

export const run = defineCommand({
  effect: 'destroy',
  roles: ['cron', 'operator'],
  multiStep: true,
  phase: 1,
  repeat: 'resumes',
  singleInstance: true,
  args: {},
  flags: { maxRows: optional(integer('N', 'stop after this many rows')) },
  fields: {
    kind: { type: 'text' },
    keep: { type: 'text' },
    before: { type: 'time' },
    deleted: { type: 'integer' },
    repaired: { type: 'integer' },
    left: { type: 'integer' },
    held: { type: 'integer' },
  },
  examples: ['retention run --yes', 'retention run --max-rows 100000 --yes', 'retention run --dry-run'],
  details: `Permanently deletes what retention plan lists as due: 5,000 rows at a time, each batch with its audit row and followed by a
pause as long as the batch took. It skips locked rows. After an interruption, a kill or --max-rows, run it again: it continues
with what is left. left counts rows that are still due, held old rows that are kept. Keys in Redis without a TTL or with too
long a TTL get the longest one allowed (repaired). Refused (5) if the clocks of the server and this machine differ by more than
a minute. Configured periods shorter than the defaults need --confirm NAME instead of --yes.`,
  async run({ maxRows = Number.POSITIVE_INFINITY }, ctx: Context) {
    const { runRetention } = await import('../../operations/retention/run-retention.ts');
    return runRetention(ctx, maxRows);
  },
});
