import type { Context } from '../../context.ts';
import { withoutAdopted } from '../migrations/adopted-objects.ts';
import { compareCatalogs, type Difference, readCatalog } from '../migrations/catalog.ts';
import { expectedCatalog } from '../migrations/expected-catalog.ts';
import { lastPhase, readHistory } from '../migrations/history.ts';
import { isSameStep, loadSteps } from '../migrations/scripts.ts';
import { readNaming } from '../migrations/type-names.ts';
import { statementsOf } from './rules.ts';
import { readSchemaSettings } from './settings.ts';

/** How the database differs from what the scripts of its applied steps create, and its last phase. */
export async function detectDrift(ctx: Context): Promise<{ phase: number; differences: Difference[] }> {
  const db = await ctx.db();
  const [history, steps, settings, naming] = await Promise.all([
    readHistory(db),
    loadSteps(),
    readSchemaSettings(db),
    readNaming(db),
  ]);
  const applied = steps.filter((step) => history.some((one) => isSameStep(one, step)));
  const readings = [
    expectedCatalog(ctx.cacheDir, applied, statementsOf(settings), naming),
    readCatalog(db),
  ] as const;
  // Both must end before a failure is thrown, so that no scratch database is left behind.
  await Promise.allSettled(readings);
  const [expected, actual] = await Promise.all(readings);
  const differences = await withoutAdopted(db, compareCatalogs(expected, actual), naming);
  return { phase: lastPhase(history), differences };
}
