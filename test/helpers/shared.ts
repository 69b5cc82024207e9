import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The path of a file beside the project that need not be there; tests of one that is absent are skipped, and say so. */
export function shared(path: string): { path: string; absent: boolean } {
  const file = fileURLToPath(new URL(`../../../shared/${path}`, import.meta.url));
  const absent = !existsSync(file);
  if (absent) process.stderr.write(`\n*** ${file} is absent: its tests are skipped\n\n`);
  return { path: file, absent };
}
