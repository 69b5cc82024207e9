// Clears up after a run of the tests, however it ends: `node watchdog.js FOLDER` waits for the end of its stdin, which is
// the end of the run, then ends every process of the run and removes its folder. Before that it clears up after runs that
// were killed together with their watchdog.
import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const GRACE_MS = 5_000;
const [folder = ''] = process.argv.slice(2);
/** The folder of a run is named pinnacle-test-PID-RANDOM. */
const pidOf = (name) => Number(/^pinnacle-test-(\d+)-/.exec(name)?.[1] ?? 0);

for (const name of readdirSync(dirname(folder))) {
  const path = join(dirname(folder), name);
  if (pidOf(name) && !isAlive(pidOf(name)) && isOurs(path)) await clear(path);
}

for await (const _ of process.stdin);
await clear(folder);

async function clear(path) {
  // Links to what is kept beside it.
  const links = list(path).filter((name) => name.startsWith('beside-'));
  const beside = links.map((name) => read(() => realpathSync(join(path, name)))).filter(Boolean);
  const all = [path, ...beside];
  for (const pid of processesOf(all)) for (const signal of ['SIGCONT', 'SIGINT']) kill(pid, signal);
  const end = Date.now() + GRACE_MS;
  while (processesOf(all).length > 0 && Date.now() < end) await sleep(50);
  for (const pid of processesOf(all)) kill(pid, 'SIGKILL');
  for (const mount of mountsIn(path)) execFileSync('umount', ['--lazy', mount]);
  for (const each of [...beside, path]) rmSync(each, { recursive: true, force: true, maxRetries: 10 });
}

/** Those that run in one of the folders, or were told of it. */
function processesOf(paths) {
  return list('/proc')
    .map(Number)
    .filter((pid) => pid && pid !== process.pid)
    .filter((pid) => {
      const cwd = read(() => readlinkSync(`/proc/${pid}/cwd`));
      const environment = read(() => readFileSync(`/proc/${pid}/environ`, 'utf8'));
      return paths.some((path) => `${cwd}/`.startsWith(`${path}/`) || environment.includes(path));
    });
}

function mountsIn(path) {
  const points = read(() => readFileSync('/proc/mounts', 'utf8'))
    .split('\n')
    .map((line) => line.split(' ')[1]);
  return points.filter((point) => point?.startsWith(`${path}/`));
}

/** Nobody else's word is taken for what is to be removed. */
function isOurs(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.uid === process.getuid?.();
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile.
  }
}

function list(path) {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** Empty for a process that has ended, or is somebody else's. */
function read(how) {
  try {
    return how();
  } catch {
    return '';
  }
}
