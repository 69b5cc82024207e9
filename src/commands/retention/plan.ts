import { defineCommand } from '../../cli/command.ts';
import { startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import type { Instant } from '../../domain/instant.ts';
import { countDueAll, countDueRetained, expiringIn } from '../../operations/retention/count-due.ts';
import { readCutoffs } from '../../operations/retention/cutoffs.ts';
import type { ExpiringTable } from '../../operations/retention/tables.ts';

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
    const progress = await startProgress(ctx.io, 'counting');
    try {
      return await planned(ctx);
    } finally {
      progress.stop();
    }
  },
});

async function planned(ctx: Context) {
  const { retention: limits, redis } = await ctx.config();
  const [db, phase] = [await ctx.db(), await ctx.phase()];
  const { before, clock } = await readCutoffs(ctx, limits);
  if (clock.state === 'fail')
    await ctx.io.say(`The clocks differ, and nothing would be deleted: ${clock.detail}.`);
  const lasting = await countDueRetained(db, phase);
  const expiring = await Promise.all(
    expiringIn(phase).map(async (kind) =>
      told(kind, limits[kind.limit], before[kind.limit], await countDueAll(db, kind, before[kind.limit])),
    ),
  );
  return [
    ...lasting.map(({ kind, rows, oldest }) => ({
      ...{ kind, keep: 'for ever', before: null, rows, due: 0, kept: rows },
      ...{ why: rows > 0 ? 'never deleted' : null, oldest },
    })),
    ...expiring,
    ...(redis ? await plannedKeys(ctx) : []),
  ];
}

type Standing = Awaited<ReturnType<typeof countDueAll>>;

function told({ kind, held }: ExpiringTable, keep: string, before: Instant, standing: Standing) {
  const { rows, due, oldest } = standing;
  const young = rows - due - standing.held;
  const reasons = [
    ...(young > 0 ? [`${young} not older than ${keep}`] : []),
    ...(standing.held > 0 ? [`${standing.held} ${held?.why}`] : []),
  ];
  return { kind, keep, before, rows, due, kept: rows - due, why: reasons.join(', ') || null, oldest };
}

async function plannedKeys(ctx: Context) {
  const { checkRedis } = await import('../../operations/retention/redis.ts');
  const families = await checkRedis(ctx, false);
  return families.map(({ kind, keep, rows, due, end }) => {
    const why = end === 'repaired' ? 'Redis ends them by itself' : `not older than ${keep}`;
    return {
      ...{ kind, keep, before: null, rows, due, kept: rows - due },
      ...{ why: rows > due ? why : null, oldest: null },
    };
  });
}
