import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Runs the built program as a process, and looks all the while what it and its children are called. */
export async function runWatched(
  env: Record<string, string>,
  cwd: string,
  stdin: string,
  argv: readonly string[],
): Promise<{ said: string; processes: string }> {
  const child = spawn(process.execPath, [resolve('bin/pinnacle.js'), ...argv], {
    cwd,
    env: { PATH: process.env['PATH'], ...env },
  });
  child.stdin.end(stdin);
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said += chunk;
    });
  const names = new Set<string>();
  const ended = new Promise((done) => child.once('close', done)).then(() => true);
  while (!(await Promise.race([ended, sleep(2, false)])))
    for (const pid of familyOf(Number(child.pid))) names.add(nameOf(pid));
  return { said, processes: [...names].join('\n') };
}

function familyOf(pid: number): number[] {
  const children = orNone(() =>
    readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
    ),
  );
  return [pid, ...children.flatMap(familyOf)];
}

const nameOf = (pid: number) =>
  orNone(() => [readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')]).join('');

/** A process may end while it is looked at. */
function orNone<T>(look: () => T[]): T[] {
  try {
    return look();
  } catch {
    return [];
  }
}
