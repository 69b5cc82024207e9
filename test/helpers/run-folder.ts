import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { KINDS, type Kind, SERVER_ONLY } from '../lanes.ts';
import { temporaryParent } from './memory.ts';

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

/** The first lane of a run gives it a folder of its own, in which all its temporary files are. */
export function setup(project: TestProject): (() => Promise<void>) | undefined {
  const name = `pinnacle-test-${process.pid}-`;
  const finish = tmpdir().includes(name) ? undefined : makeFolder(join(temporaryParent(), name));
  // What Vitest keeps beside it is cleared with it.
  symlinkSync(project.tmpDir, join(tmpdir(), `beside-${project.name}`));
  project.provide('cacheDir', join(tmpdir(), 'cache'));
  project.provide('serverUrl', '');
  return finish;
}

/** A watchdog clears it up when the run ends, in whatever way. */
function makeFolder(prefix: string): () => Promise<void> {
  if (!KINDS.includes('server')) complain();
  const folder = mkdtempSync(prefix);
  // Servers run as somebody else where the tests run as root.
  chmodSync(folder, 0o711);
  const script = fileURLToPath(new URL('watchdog.js', import.meta.url));
  const watchdog = spawn(process.execPath, [script, folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const cleared = new Promise<void>((resolve) => watchdog.once('exit', () => resolve()));
  process.env['TMPDIR'] = folder;
  mkdirSync(join(folder, 'cache'));
  return () => {
    watchdog.stdin.end();
    return cleared;
  };
}

function complain(): void {
  const message = `no PostgreSQL server binaries: the suites run on the embedded database, and ${SERVER_ONLY.length} that need a server are left out (apt-get install postgresql)`;
  if (process.env['CI']) throw new Error(message);
  process.stderr.write(`\n*** ${message}\n\n`);
}
