import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../util/failure.ts';

interface Holder {
  pid: number;
  /** When that process started, so that a recycled pid is not taken for it. */
  started: string;
  command: string;
}

export interface LockOptions {
  pid: number;
  command: string;
  /** How long to wait for another process. */
  timeoutMs: number;
  signal: AbortSignal;
  onWait?: (holder: string) => void;
}

const POLL_MS = 40;
const GUARD_LIFETIME_MS = 10_000;

/**
 * Takes a lock file made by link(), which exactly one process can; waits while its holder runs, takes over
 * from a holder that has ended. Returns the release. Throws DATABASE_BUSY (exit 10) naming the holder.
 */
export async function lockFile(
  path: string,
  what: string,
  options: LockOptions,
): Promise<() => Promise<void>> {
  const mine = JSON.stringify({
    pid: options.pid,
    started: await startOf(options.pid),
    command: options.command,
  });
  const deadline = performance.now() + options.timeoutMs;
  let waiting = false;
  while (!(await claim(path, mine))) {
    const holder = await holderOf(path);
    if (holder && !(await isAlive(holder))) {
      await removeStale(path);
      continue;
    }
    const who = holder ? `process ${holder.pid} (pinnacle ${holder.command})` : 'another process';
    if (performance.now() > deadline)
      throw new Failure('busy', 'DATABASE_BUSY', `${what} is in use by ${who}.`, {
        hint: 'Try again when it has ended, or wait longer with --timeout.',
        retryable: true,
      });
    if (!waiting) options.onWait?.(who);
    waiting = true;
    // Jitter keeps many waiting processes from asking in step.
    await sleep(POLL_MS + Math.random() * POLL_MS, undefined, { signal: options.signal });
  }
  await removeDrafts(path);
  return async () => {
    if ((await readFile(path, 'utf8').catch(() => '')) === mine) await unlink(path).catch(() => {});
  };
}

async function claim(path: string, content: string): Promise<boolean> {
  // Unique, because one process may wait for a lock twice at once.
  const draft = `${path}.${randomUUID()}`;
  try {
    // A full disk leaves an empty file.
    await writeFile(draft, content, { mode: 0o600 });
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(draft).catch(() => {});
  }
}

/** Removes drafts of the lock that processes left behind that were killed while they took it. */
async function removeDrafts(path: string): Promise<void> {
  const folder = dirname(path);
  const prefix = `${basename(path)}.`;
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter(
    (each) => each.startsWith(prefix) && UUID.test(each.slice(prefix.length)),
  )) {
    const draft = join(folder, name);
    const found = await stat(draft).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > GUARD_LIFETIME_MS) await unlink(draft).catch(() => {});
  }
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

async function holderOf(path: string): Promise<Holder | undefined> {
  const content = await readFile(path, 'utf8').catch(() => undefined);
  if (content === undefined) return undefined;
  try {
    return JSON.parse(content) as Holder;
  } catch {
    // A lock is linked when it is complete; a partial one is left by a power failure.
    return { pid: 0, started: '', command: '' };
  }
}

async function isAlive(holder: Holder): Promise<boolean> {
  if (!Number.isInteger(holder.pid) || holder.pid <= 0) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return (await startOf(holder.pid)) === holder.started;
}

/** Removes the lock of an ended process under a guard: two processes at once could remove that of a successor. */
async function removeStale(path: string): Promise<void> {
  const guard = `${path}.guard`;
  if (!(await claim(guard, ''))) {
    const age = await stat(guard).then(
      (found) => Date.now() - found.mtimeMs,
      () => 0,
    );
    if (age > GUARD_LIFETIME_MS) await unlink(guard).catch(() => {});
    await sleep(POLL_MS);
    return;
  }
  try {
    const holder = await holderOf(path);
    if (holder && !(await isAlive(holder))) await unlink(path).catch(() => {});
  } finally {
    await unlink(guard).catch(() => {});
  }
}

/** The kernel's start time of a process; empty where there is no /proc, where the pid alone counts. */
async function startOf(pid: number): Promise<string> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is the name in brackets and may hold anything, brackets and blanks too.
  return status.slice(status.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
