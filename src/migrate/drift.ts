import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineCommand } from '../cli/command.ts';
import { Found } from '../cli/output.ts';
import { startProgress } from '../cli/progress.ts';
import type { Context } from '../context.ts';
import { type CatalogEntry, compareCatalogs, readCatalog } from './catalog.ts';
import { lastOf, readRecord } from './record.ts';
import { loadPhases } from './scripts.ts';
import { execute } from './session.ts';
import { splitStatements } from './statements.ts';

export const drift = defineCommand({
  effect: 'read',
  args: {},
  flags: {},
  fields: {
    kind: { type: 'text' },
    object: { type: 'text' },
    expected: { type: 'text' },
    actual: { type: 'text' },
  },
  examples: ['migrate drift', 'migrate drift --json kind,object'],
  details:
    'Compares the tables, types and functions of the applied phases with a scratch database that ran the same scripts. Ends 6 with a row for each difference. What is not ours is ignored, but anything added to our tables is a difference.',
  async run(_input, ctx: Context) {
    const progress = await startProgress(ctx.io, 'comparing the database with its scripts');
    try {
      const phase = ctx.db().then(readRecord).then(lastOf);
      const readings = [scratchCatalog(ctx, phase), liveCatalog(ctx, phase)] as const;
      // Both are awaited before either's failure is thrown, so that no scratch database is left behind.
      await Promise.allSettled(readings);
      const [expected, actual] = await Promise.all(readings);
      const differences = compareCatalogs(expected, actual);
      if (differences.length > 0) return new Found(differences);
      progress.stop();
      await ctx.io.say(`No difference: the database is as its scripts make it, up to phase ${await phase}.`);
      return [];
    } finally {
      progress.stop();
    }
  },
});

async function liveCatalog(ctx: Context, phase: Promise<number>): Promise<CatalogEntry[]> {
  await phase;
  return readCatalog(await ctx.db());
}

/** What the applied scripts make of an empty database. It is opened while the live one still says its phase. */
async function scratchCatalog(ctx: Context, phase: Promise<number>): Promise<CatalogEntry[]> {
  const { openScratch } = await import('../db/embedded.ts');
  const [phases, scratch] = await Promise.all([
    loadPhases(),
    mkdtemp(join(tmpdir(), 'pinnacle-drift-')).then((folder) => openScratch(folder, ctx.cacheDir)),
  ]);
  try {
    const last = await phase;
    for (const applied of phases.filter((candidate) => candidate.phase <= last))
      for (const { sql } of splitStatements(applied.up.text)) await execute(scratch.kysely, sql);
    return await readCatalog(scratch.kysely);
  } finally {
    await scratch.close();
  }
}
