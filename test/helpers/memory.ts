import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

const MEMORY = '/dev/shm';
/** More than a run keeps at any moment, with what its processes need beside it. */
const ENOUGH_BYTES = 8 * 1_024 ** 3;

/**
 * Where a run keeps its files: in memory where there is plenty, for to make and drop a database is to make and delete a
 * thousand files, which takes a fifth of the time there. Elsewhere, and where TMPDIR names a folder, on the disk.
 */
export function temporaryParent(): string {
  return process.env['TMPDIR'] || !hasRoom() ? tmpdir() : MEMORY;
}

function hasRoom(): boolean {
  if (!existsSync(MEMORY) || process.availableMemory() < ENOUGH_BYTES) return false;
  const { bavail, bsize } = statfsSync(MEMORY);
  // Some suites run programs that they write.
  const mount = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .find((line) => line.split(' ')[1] === MEMORY);
  return bavail * bsize >= ENOUGH_BYTES && mount !== undefined && !mount.includes('noexec');
}
