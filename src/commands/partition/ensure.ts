import { sql } from 'kysely';
import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import {
  lastBound,
  readForeignKeys,
  readOriginal,
  readPartitions,
  refuseLater,
} from '../../operations/partitions/layout.ts';
import {
  AHEAD_PARTITION,
  boundOf,
  endOfHistory,
  monthOf,
  monthsAhead,
  timeOf,
} from '../../operations/partitions/months.ts';
import { extendSteps, validateSteps } from '../../operations/partitions/plan-steps.ts';
import { refused } from '../../util/failure.ts';
import { months, refusePositions, stepFields, table } from './fields.ts';

const LOCK_WAIT = 10_000;

export const ensure = defineCommand({
  effect: 'write',
  roles: ['owner'],
  multiStep: true,
  phase: 1,
  repeat: 'resumes',
  alone: true,
  args: { table },
  flags: { months },
  fields: stepFields,
  examples: ['partition ensure', 'partition ensure orders --months 6', 'partition ensure --dry-run --json'],
  details:
    'For cron, once a day or once a month. Does nothing while there are partitions for the months ahead. Where it did not run for longer than that, orders went into orders_ahead: that becomes a partition, and nothing is moved. Needs the owner of the tables, and exclusive locks for milliseconds.',
  async run({ table, months }, ctx: Context) {
    refusePositions(table);
    const { refuseEmbedded, runSteps } = await import('../../operations/partitions/run-steps.ts');
    const { withSession } = await import('../../operations/migrations/rollout-session.ts');
    await refuseEmbedded(ctx);
    return withSession(ctx, LOCK_WAIT, async (session) => {
      const partitions = await readPartitions(session.db);
      if (!partitions)
        throw refused('NOT_PARTITIONED', 'orders is one table.', 'Run: pinnacle partition enable orders');
      const keys = await readForeignKeys(session.db);
      const last = lastBound(partitions);
      const now = ctx.now();
      const first = timeOf(last) as Date;
      if (monthsAhead(first, now, months).length === 0)
        return runSteps(ctx, session, validateSteps(keys.filter(({ valid }) => !valid)));
      const { owner } = await readOriginal(session.db);
      const { rows } = await sql`SELECT FROM ${sql.table(AHEAD_PARTITION)} LIMIT 1`.execute(session.db);
      if (rows.length === 0)
        return runSteps(ctx, session, extendSteps(owner, keys, last, monthsAhead(first, now, months)));
      // What lies ahead already becomes a partition of its own, up to a month that nothing can be of yet.
      const until = endOfHistory(now);
      await refuseLater(session.db, boundOf(until > first ? until : first));
      const filled = { partition: monthOf(first).partition, until };
      return runSteps(ctx, session, extendSteps(owner, keys, last, monthsAhead(until, now, months), filled));
    });
  },
});
