import type { Context } from '../../context.ts';
import { execute } from '../../platform/postgres/execute-sql.ts';
import { type CatalogEntry, compareCatalogs, type Difference, readCatalog } from './catalog.ts';
import { lastPhase, readHistory } from './history.ts';
import { loadPhases } from './scripts.ts';
import { splitStatements } from './split-statements.ts';

/** How the database differs from what the scripts of its applied phases create, and its last phase. */
export async function detectDrift(ctx: Context): Promise<{ phase: number; differences: Difference[] }> {
  const phase = ctx.db().then(readHistory).then(lastPhase);
  const readings = [scratchCatalog(ctx, phase), liveCatalog(ctx, phase)] as const;
  // Both must end before a failure is thrown, so that no scratch database is left behind.
  await Promise.allSettled(readings);
  const [expected, actual] = await Promise.all(readings);
  return { phase: await phase, differences: compareCatalogs(expected, actual) };
}

async function liveCatalog(ctx: Context, phase: Promise<number>): Promise<CatalogEntry[]> {
  await phase;
  return readCatalog(await ctx.db());
}

/** What the applied scripts create in an empty database, which is opened while the phase is still being read. */
async function scratchCatalog(ctx: Context, phase: Promise<number>): Promise<CatalogEntry[]> {
  const { openScratch } = await import('../../platform/postgres/embedded.ts');
  const [phases, scratch] = await Promise.all([loadPhases(), openScratch(ctx.cacheDir)]);
  try {
    const last = await phase;
    for (const applied of phases.filter((candidate) => candidate.phase <= last))
      for (const { sql } of splitStatements(applied.up.text)) await execute(scratch.kysely, sql);
    return await readCatalog(scratch.kysely);
  } finally {
    await scratch.close();
  }
}
