import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../platform/files/package-root.ts';
import { loadSteps } from './migrations/scripts.ts';

/** What this program is made of, and the schema that it knows. `node` is the version of Node that runs it. */
export async function describeProgram(node: string) {
  const [root, steps] = await Promise.all([packageRoot(), loadSteps()]);
  // Of the build: it is none where the sources run without one.
  const { commit = 'unknown', driver = 'unknown' } = JSON.parse(
    await readFile(join(root, 'dist/package.json'), 'utf8').catch(() => '{}'),
  ) as { commit?: string; driver?: string };
  const last = steps.at(-1);
  return {
    version: __VERSION__,
    commit,
    node,
    postgres_client: driver,
    embedded_engine: `PGlite ${__PGLITE_VERSION__}`,
    schema_phase: last?.phase ?? 0,
    schema_step: last?.step ?? 0,
    schema_steps: steps.length,
  };
}
