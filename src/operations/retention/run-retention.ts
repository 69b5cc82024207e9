import { startProgress } from '../../cli/progress.ts';
import type { Context } from '../../context.ts';
import type { Instant } from '../../domain/instant.ts';
import { belowDefault, DEFAULT_PERIODS } from '../../domain/retention-periods.ts';
import { isRedisUnavailable } from '../../platform/redis/errors.ts';
import { Failure } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';
import { confirmationName } from '../migrations/confirm-loss.ts';
import { countDue, countDueAll, expiringIn } from './count-due.ts';
import { readCutoffs, refuseSkew } from './cutoffs.ts';
import { deleteDue, unfinished } from './delete-batches.ts';
import { checkRedis } from './redis.ts';
import type { ExpiringTable } from './tables.ts';

interface DueTable {
  table: ExpiringTable;
  cutoff: Instant;
  keep: string;
  due: number;
  held: number;
}

interface Deleted {
  kind: string;
  keep: string;
  before: Instant | null;
  deleted: number;
  repaired: number | null;
  left: number;
  held: number;
}

/**
 * Deletes what is due, at most `maxRows` rows, once the operator agrees, then repairs the keys of Redis. One row per
 * table and kind. Throws CLOCKS_DIFFER (exit 5); where Redis is unavailable a `pending` failure (exit 8): the rows are
 * deleted, and the next run repairs the keys.
 */
export async function runRetention(ctx: Context, maxRows: number): Promise<Deleted[]> {
  const { retention: limits, redis } = await ctx.config();
  const source = await ctx.source();
  const { db } = source;
  const { before, clock } = await readCutoffs(ctx, limits);
  refuseSkew(clock);
  const tables: DueTable[] = [];
  for (const table of expiringIn(source)) {
    const cutoff = before[table.limit];
    const { due, held } = await countDueAll(db, table, cutoff);
    tables.push({ table, cutoff, keep: limits[table.limit], due, held });
  }
  await confirmDeletion(ctx, tables);
  const deleted = await deleteAll(ctx, tables, maxRows);
  return redis ? [...deleted, ...(await repairKeys(ctx, deleted))] : deleted;
}

/** Asks for confirmation, by the name of the database where a limit is below the default. */
async function confirmDeletion(ctx: Context, tables: readonly DueTable[]): Promise<void> {
  const due = tables
    .filter((each) => each.due > 0)
    .map(({ table, due }) => `${table.kind} (${pluralize(due, 'row')})`);
  const question = `This permanently deletes what is past its retention period: ${due.join(', ') || 'nothing now'}.`;
  const { retention: limits } = await ctx.config();
  const short = belowDefault(limits);
  if (short.length === 0) return ctx.confirm(question);
  const periods = short.map(
    (name) => `retention.${name} is ${limits[name]}, below the default of ${DEFAULT_PERIODS[name]}`,
  );
  const name = await confirmationName(ctx, { connection: await ctx.connection(), db: await ctx.db() });
  await ctx.confirmByName(name, `${question} ${periods.join('; ')}.`);
}

async function deleteAll(ctx: Context, tables: readonly DueTable[], maxRows: number): Promise<Deleted[]> {
  const due = tables.reduce((sum, each) => sum + each.due, 0);
  const progress = await startProgress(ctx.io, 'deleting');
  let deleted = 0;
  const onBatch = (rows: number) => {
    deleted += rows;
    progress.update(`${pluralize(deleted, 'row')} deleted`, deleted / Math.max(due, deleted));
  };
  try {
    const results: Deleted[] = [];
    for (const each of tables) results.push(await deleteTable(ctx, each, maxRows - deleted, onBatch));
    return results;
  } catch (error) {
    if (deleted > 0) await ctx.io.say(`${pluralize(deleted, 'row')} deleted. Run it again to continue.`);
    throw unfinished(error, deleted);
  } finally {
    progress.stop();
  }
}

async function deleteTable(
  ctx: Context,
  { table, cutoff, keep, due, held }: DueTable,
  maxRows: number,
  onBatch: (rows: number) => void,
): Promise<Deleted> {
  const row = { kind: table.kind, keep, before: cutoff, repaired: null, held };
  if (ctx.dryRun) {
    const deleted = Math.min(due, maxRows);
    onBatch(deleted);
    return { ...row, deleted, left: due - deleted };
  }
  const deleted = await deleteDue(ctx, table, cutoff, maxRows, onBatch);
  return { ...row, deleted, left: await countDue(await ctx.db(), table, cutoff) };
}

async function repairKeys(ctx: Context, tables: readonly Deleted[]): Promise<Deleted[]> {
  try {
    const found = await checkRedis(ctx, !ctx.dryRun);
    const none = { before: null, deleted: 0, repaired: 0, left: 0, held: 0 };
    return found.map(({ kind, keep, due, end }) => ({ kind, keep, ...none, [end]: due }));
  } catch (error) {
    const failure = await ctx.explain(error);
    if (!isRedisUnavailable(failure)) throw failure;
    const deleted = tables.reduce((sum, each) => sum + each.deleted, 0);
    throw new Failure(
      'pending',
      failure.code,
      `${pluralize(deleted, 'row')} deleted. ${failure.message} Not all of its keys were checked.`,
      { ...failure.details, changed: deleted > 0 && !ctx.dryRun },
    );
  }
}
