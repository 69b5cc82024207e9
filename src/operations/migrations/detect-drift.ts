import type { Context } from '../../context.ts';
import { compareCatalogs, type Difference, readCatalog } from './catalog.ts';
import { expectedCatalog } from './expected-catalog.ts';
import { lastPhase, readHistory } from './history.ts';
import { isSameStep, loadSteps } from './scripts.ts';

/** How the database differs from what the scripts of its applied steps create, and its last phase. */
export async function detectDrift(ctx: Context): Promise<{ phase: number; differences: Difference[] }> {
  const db = await ctx.db();
  const [history, steps] = await Promise.all([readHistory(db), loadSteps()]);
  const applied = steps.filter((step) => history.some((one) => isSameStep(one, step)));
  const readings = [expectedCatalog(ctx.cacheDir, applied), readCatalog(db)] as const;
  // Both must end before a failure is thrown, so that no scratch database is left behind.
  await Promise.allSettled(readings);
  const [expected, actual] = await Promise.all(readings);
  return { phase: lastPhase(history), differences: compareCatalogs(expected, actual) };
}
