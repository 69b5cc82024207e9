import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makePrivateFolder } from '../../platform/files/private-folder.ts';
import { execute } from '../../platform/postgres/execute-sql.ts';
import { writeAtomic } from '../../util/file.ts';
import { applyScripts } from './apply-scripts.ts';
import { type CatalogEntry, readCatalog } from './catalog.ts';
import { useNaming } from './name-types.ts';
import type { Step } from './scripts.ts';
import type { TypeNaming } from './type-names.ts';

/**
 * The catalog that steps create in an empty database, with the statements that follow them, and the types named as chosen. It is
 * computed once in a scratch database and then kept in the cache folder, as it depends on nothing but these, the engine and how a
 * catalog is read.
 */
export async function expectedCatalog(
  cacheDir: string,
  steps: readonly Step[],
  settings: readonly string[],
  naming: TypeNaming | undefined,
): Promise<CatalogEntry[]> {
  const named = naming ? [JSON.stringify(naming), __VERSION__] : [];
  const key = createHash('sha256');
  for (const part of [
    __PGLITE_VERSION__,
    String(readCatalog),
    ...steps.map(({ up }) => up.sha256),
    ...settings,
    ...named,
  ])
    key.update(`${part}\0`);
  const file = join(cacheDir, `catalog-${key.digest('hex')}.json`);
  const kept = await readFile(file, 'utf8')
    .then(JSON.parse)
    .catch(() => undefined);
  if (Array.isArray(kept)) return kept;
  const catalog = await scratchCatalog(cacheDir, steps, settings, naming);
  // A folder that cannot be written costs the time of the next run and nothing else.
  await makePrivateFolder(cacheDir, 'XDG_CACHE_HOME')
    .then(() => writeAtomic(file, JSON.stringify(catalog), true))
    .catch(() => {});
  return catalog;
}

async function scratchCatalog(
  cacheDir: string,
  steps: readonly Step[],
  settings: readonly string[],
  naming: TypeNaming | undefined,
): Promise<CatalogEntry[]> {
  const { openScratch } = await import('../../platform/postgres/embedded.ts');
  const scratch = await openScratch(cacheDir);
  try {
    await applyScripts(scratch.kysely, steps);
    for (const statement of settings) await execute(scratch.kysely, statement);
    if (naming) await useNaming(scratch.kysely, naming);
    return await readCatalog(scratch.kysely);
  } finally {
    await scratch.close();
  }
}
