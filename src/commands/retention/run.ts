import { defineCommand } from '../../cli/command.ts';
import { integer, optional } from '../../cli/flags.ts';
import { startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import type { Instant } from '../../domain/instant.ts';
import { belowDefault, DEFAULT_PERIODS } from '../../domain/retention-periods.ts';
import { countDue, countDueAll, expiringIn } from '../../operations/retention/count-due.ts';
import { readCutoffs, refuseSkew } from '../../operations/retention/cutoffs.ts';
import { deleteDue, unfinished } from '../../operations/retention/delete-batches.ts';
import type { ExpiringTable } from '../../operations/retention/tables.ts';
import { Failure } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';

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
  async run({ maxRows }, ctx: Context) {
    const { retention: limits, redis } = await ctx.config();
    const [db, phase] = [await ctx.db(), await ctx.phase()];
    const { before, clock } = await readCutoffs(ctx, limits);
    refuseSkew(clock);
    const surveyed = [];
    for (const kind of expiringIn(phase)) {
      const cutoff = before[kind.limit];
      surveyed.push({ kind, cutoff, keep: limits[kind.limit], ...(await countDueAll(db, kind, cutoff)) });
    }
    await agreeTo(ctx, surveyed);
    const most = maxRows ?? Number.POSITIVE_INFINITY;
    const results = await sweepAll(ctx, surveyed, most);
    return redis ? [...results, ...(await repairKeys(ctx, results))] : results;
  },
});

interface Surveyed {
  kind: ExpiringTable;
  cutoff: Instant;
  keep: string;
  due: number;
  held: number;
}

/** Asks for confirmation, by the name of the database if a period is shorter than its default. */
async function agreeTo(ctx: Context, surveyed: readonly Surveyed[]): Promise<void> {
  const due = surveyed
    .filter((one) => one.due > 0)
    .map(({ kind, due }) => `${kind.kind} (${pluralize(due, 'row')})`);
  const question = `This deletes for good what is past its time: ${due.join(', ') || 'nothing now'}.`;
  const { retention: limits } = await ctx.config();
  const short = belowDefault(limits);
  if (short.length === 0) return ctx.confirm(question);
  const said = short.map(
    (name) => `retention.${name} is ${limits[name]}, and ${DEFAULT_PERIODS[name]} is promised`,
  );
  const { confirmationName } = await import('../../operations/migrations/confirm-loss.ts');
  const name = await confirmationName(ctx, { connection: await ctx.connection(), db: await ctx.db() });
  await ctx.confirmByName(name, `${question} ${said.join('; ')}.`);
}

interface Swept {
  kind: string;
  keep: string;
  before: Instant | null;
  deleted: number;
  repaired: number | null;
  left: number;
  held: number;
}

async function sweepAll(ctx: Context, surveyed: readonly Surveyed[], most: number): Promise<Swept[]> {
  const due = surveyed.reduce((sum, one) => sum + one.due, 0);
  const progress = await startProgress(ctx.io, 'deleting');
  let deleted = 0;
  const onBatch = (rows: number) => {
    deleted += rows;
    progress.update(`${pluralize(deleted, 'row')} deleted`, deleted / Math.max(due, deleted));
  };
  try {
    const results: Swept[] = [];
    for (const one of surveyed) results.push(await sweepOne(ctx, one, most - deleted, onBatch));
    return results;
  } catch (error) {
    if (deleted > 0) await ctx.io.say(`${pluralize(deleted, 'row')} deleted. Run it again to continue.`);
    throw unfinished(error, deleted);
  } finally {
    progress.stop();
  }
}

async function sweepOne(
  ctx: Context,
  { kind, cutoff, keep, due, held }: Surveyed,
  atMost: number,
  onBatch: (rows: number) => void,
): Promise<Swept> {
  const told = { kind: kind.kind, keep, before: cutoff, repaired: null, held };
  if (ctx.dryRun) {
    const deleted = Math.min(due, atMost);
    onBatch(deleted);
    return { ...told, deleted, left: due - deleted };
  }
  const deleted = await deleteDue(ctx, kind, cutoff, atMost, onBatch);
  return { ...told, deleted, left: await countDue(await ctx.db(), kind, cutoff) };
}

/** Kinds of failure that mean Redis is unavailable. */
const NOT_THERE: readonly string[] = ['unreachable', 'forbidden', 'refused'];

/** Repairs TTLs in Redis; exit 8 if Redis is unavailable: rows are deleted, and the next run repairs the keys. */
async function repairKeys(ctx: Context, swept: readonly Swept[]): Promise<Swept[]> {
  try {
    const { checkRedis } = await import('../../operations/retention/redis.ts');
    const found = await checkRedis(ctx, !ctx.dryRun);
    const none = { before: null, deleted: 0, repaired: 0, left: 0, held: 0 };
    return found.map(({ kind, keep, due, end }) => ({ kind, keep, ...none, [end]: due }));
  } catch (error) {
    const failure = await ctx.explain(error);
    const deleted = swept.reduce((sum, one) => sum + one.deleted, 0);
    if (!(failure instanceof Failure) || !NOT_THERE.includes(failure.kind)) throw failure;
    throw new Failure(
      'pending',
      failure.code,
      `${pluralize(deleted, 'row')} deleted. ${failure.message} Not all of its keys were looked at.`,
      { ...failure.details, changed: deleted > 0 && !ctx.dryRun },
    );
  }
}
