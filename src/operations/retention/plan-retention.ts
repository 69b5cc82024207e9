import type { Context } from '../../context.ts';
import type { Instant } from '../../domain/instant.ts';
import { countDueAll, countDueRetained, type DueCount, expiringIn } from './count-due.ts';
import { readCutoffs } from './cutoffs.ts';
import { checkRedis } from './redis.ts';
import type { ExpiringTable } from './tables.ts';

/** One row per table, then per kind in Redis: what is due, and why the rest is kept. Says so if the clocks differ. */
export async function planRetention(ctx: Context) {
  const { retention: limits, redis } = await ctx.config();
  const source = await ctx.source();
  const { db, phase } = source;
  const { before, clock } = await readCutoffs(ctx, limits);
  if (clock.state === 'fail')
    await ctx.io.say(`The clocks differ, so nothing would be deleted: ${clock.detail}.`);
  const retained = await countDueRetained(db, phase);
  const expiring = await Promise.all(
    expiringIn(source).map(async (table) => {
      const cutoff = before[table.limit];
      return planTable(table, limits[table.limit], cutoff, await countDueAll(db, table, cutoff));
    }),
  );
  return [
    ...retained.map(({ kind, rows, oldest }) => ({
      kind,
      keep: 'for ever',
      before: null,
      rows,
      due: 0,
      kept: rows,
      why: rows > 0 ? 'never deleted' : null,
      oldest,
    })),
    ...expiring,
    ...(redis ? await planRedis(ctx) : []),
  ];
}

function planTable(table: ExpiringTable, keep: string, before: Instant, count: DueCount) {
  const { rows, due, held, oldest } = count;
  const young = rows - due - held;
  const reasons = [
    ...(young > 0 ? [`${young} not older than ${keep}`] : []),
    ...(held > 0 ? [`${held} ${table.held?.why}`] : []),
  ];
  return {
    kind: table.kind,
    keep,
    before,
    rows,
    due,
    kept: rows - due,
    why: reasons.join(', ') || null,
    oldest,
  };
}

async function planRedis(ctx: Context) {
  const families = await checkRedis(ctx, false);
  return families.map(({ kind, keep, rows, due, end }) => {
    const why = end === 'repaired' ? 'Redis expires them' : `not older than ${keep}`;
    return {
      kind,
      keep,
      before: null,
      rows,
      due,
      kept: rows - due,
      why: rows > due ? why : null,
      oldest: null,
    };
  });
}
