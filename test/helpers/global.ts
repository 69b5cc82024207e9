import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { KINDS, type Kind, SERVER_ONLY } from '../lanes.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The kind of database of this lane. */
    kind: Kind;
    /** The URL of a server that databases may be made on; empty in the lane of the embedded engine. */
    serverUrl: string;
    /** Where templates of databases are kept for this run. */
    cacheDir: string;
  }
}

export function setup(project: TestProject): () => void {
  if (!KINDS.includes('server')) complain();
  const cacheDir = mkdtempSync(join(tmpdir(), 'pinnacle-cache-'));
  project.provide('cacheDir', cacheDir);
  project.provide('serverUrl', '');
  return () => rmSync(cacheDir, { recursive: true, force: true });
}

function complain(): void {
  const message = `no PostgreSQL server binaries: the suites run on the embedded database, and ${SERVER_ONLY.length} that need a server are left out (apt-get install postgresql)`;
  if (process.env['CI']) throw new Error(message);
  process.stderr.write(`\n*** ${message}\n\n`);
}
