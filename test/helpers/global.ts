import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { findBinaries, startServer } from './postgres.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The URL of a server that databases may be made on; empty where this machine has none. */
    serverUrl: string;
    /** Where templates of databases are kept for this run. */
    cacheDir: string;
  }
}

/** Starts one PostgreSQL server for the run, or takes the one named by PINNACLE_TEST_DATABASE_URL. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cacheDir = mkdtempSync(join(tmpdir(), 'pinnacle-cache-'));
  project.provide('cacheDir', cacheDir);
  const given = process.env['PINNACLE_TEST_DATABASE_URL'];
  const server = given || !available() ? undefined : await startServer();
  project.provide('serverUrl', given ?? server?.url ?? '');
  return async () => {
    await server?.stop();
    rmSync(cacheDir, { recursive: true, force: true });
  };
}

function available(): boolean {
  if (findBinaries()) return true;
  const message =
    'no PostgreSQL server binaries: every test that needs a server is skipped (apt-get install postgresql)';
  if (process.env['CI']) throw new Error(message);
  process.stderr.write(`\n*** ${message}\n\n`);
  return false;
}
