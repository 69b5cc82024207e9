import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import {
  readForeignKeys,
  readOriginal,
  readPartitions,
  refuseLater,
} from '../../operations/partitions/layout.ts';
import { boundOf, endOfHistory, monthsAhead } from '../../operations/partitions/months.ts';
import { enableSteps, UNDOING, validateSteps } from '../../operations/partitions/plan-steps.ts';
import { refused } from '../../util/failure.ts';
import { months, refusePositions, stepFields, table } from './fields.ts';

const LOCK_WAIT = 10_000;

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
    'On a live table and without a copy: what orders holds stays where it is, as the partition of everything before the next month (or the one after, where that is within a week) and of ids that are not time-ordered. Only the switch needs an exclusive lock, for milliseconds; it is tried again and again rather than waited for. Killed at any moment, it is completed by running it again. Between the proof and the switch an order with an id of a later month is refused. positions is refused: see docs/scaling.md.',
  async run({ table, months }, ctx: Context) {
    refusePositions(table);
    const { refuseEmbedded, runSteps } = await import('../../operations/partitions/run-steps.ts');
    const { withSession } = await import('../../operations/migrations/rollout-session.ts');
    await refuseEmbedded(ctx);
    return withSession(ctx, LOCK_WAIT, async (session) => {
      const keys = await readForeignKeys(session.db);
      if (await readPartitions(session.db)) {
        const left = validateSteps(keys.filter(({ valid }) => !valid));
        if (left.length === 0) await ctx.io.say('Nothing to do: orders is partitioned.');
        return runSteps(ctx, session, left);
      }
      const from = endOfHistory(ctx.now());
      const original = await readOriginal(session.db);
      if (original.attached.length > 0)
        throw refused(
          'ORDERS_IN_USE',
          `Something would stay with the old table: ${original.attached.join(', ')}.`,
          'Drop it, run this again, and make it anew on the partitioned table.',
        );
      await refuseLater(session.db, boundOf(from));
      await ctx.agree(
        `orders becomes a table of monthly partitions from ${from.toISOString().slice(0, 7)} on.`,
      );
      const ahead = monthsAhead(from, ctx.now(), Math.max(months, 2));
      try {
        return await runSteps(ctx, session, enableSteps(original, keys, from, ahead));
      } catch (error) {
        // Before the switch, what was promised must not outlive the attempt; on a broken line it does, until the next.
        if (!(await readPartitions(session.db).catch(() => [])))
          await runSteps(ctx, session, UNDOING).catch(() => {});
        throw error;
      }
    });
  },
});
