import type { Context } from '../../context.ts';
import { execute } from '../../platform/postgres/execute-sql.ts';
import { type CatalogEntry, compareCatalogs, type Difference, readCatalog } from './catalog.ts';
import { type Applied, lastPhase, readHistory } from './history.ts';
import { isSameStep, loadSteps } from './scripts.ts';
import { splitStatements } from './split-statements.ts';

/** How the database differs from what the scripts of its applied steps create, and its last phase. */
export async function detectDrift(ctx: Context): Promise<{ phase: number; differences: Difference[] }> {
  const history = ctx.db().then(readHistory);
  const readings = [scratchCatalog(ctx, history), liveCatalog(ctx, history)] as const;
  // Both must end before a failure is thrown, so that no scratch database is left behind.
  await Promise.allSettled(readings);
  const [expected, actual] = await Promise.all(readings);
  return { phase: lastPhase(await history), differences: compareCatalogs(expected, actual) };
}

async function liveCatalog(ctx: Context, history: Promise<unknown>): Promise<CatalogEntry[]> {
  await history;
  return readCatalog(await ctx.db());
}

/** What the applied scripts create in an empty database, which is opened while the history is still being read. */
async function scratchCatalog(ctx: Context, history: Promise<Applied[]>): Promise<CatalogEntry[]> {
  const { openScratch } = await import('../../platform/postgres/embedded.ts');
  const [steps, scratch] = await Promise.all([loadSteps(), openScratch(ctx.cacheDir)]);
  try {
    const applied = await history;
    for (const step of steps.filter((candidate) => applied.some((one) => isSameStep(one, candidate))))
      for (const { sql } of splitStatements(step.up.text)) await execute(scratch.kysely, sql);
    return await readCatalog(scratch.kysely);
  } finally {
    await scratch.close();
  }
}
