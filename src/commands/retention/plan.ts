import { defineCommand } from '../../cli/command.ts';
import { startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';

export const plan = defineCommand({
  effect: 'read',
  roles: ['cron', 'operator', 'auditor'],
  phase: 1,
  args: {},
  flags: {},
  fields: {
    kind: { type: 'text' },
    keep: { type: 'text' },
    before: { type: 'time' },
    rows: { type: 'integer' },
    due: { type: 'integer' },
    kept: { type: 'integer' },
    why: { type: 'text' },
    oldest: { type: 'time' },
  },
  examples: ['retention plan', 'retention plan --json kind,due,kept,why'],
  details: `One row per kind: its retention period, the number of rows, how many of them retention run would delete, and why the
others are kept. For Redis, rows counts keys, and keys without a TTL or with too long a TTL are due; for streams it counts
events. Without a configured Redis these rows are omitted.`,
  async run(_input, ctx: Context) {
    const { planRetention } = await import('../../operations/retention/plan-retention.ts');
    const progress = await startProgress(ctx.io, 'counting');
    return planRetention(ctx).finally(() => progress.stop());
  },
});
