import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { usage } from '../../util/failure.ts';
import { splitStatements } from './split-statements.ts';

type Direction = 'up' | 'down';

interface Script {
  /** From the root of the package: `migrations/1_core_tables/up.sql`. */
  path: string;
  text: string;
  sha256: string;
}

/** One phase of the rollout, read from its folder. */
export interface Phase {
  phase: number;
  name: string;
  up: Script;
  down: Script;
}

const FOLDER = /^(\d+)_([a-z0-9_]+)$/;

/** The scripts of every phase, in order. */
export async function loadPhases(): Promise<Phase[]> {
  const root = await packageRoot();
  const folders = (await readdir(join(root, 'migrations'))).flatMap((folder) => {
    const match = FOLDER.exec(folder);
    return match ? [{ folder, phase: Number(match[1]), name: String(match[2]) }] : [];
  });
  folders.sort((a, b) => a.phase - b.phase);
  const gap = folders.find(({ phase }, i) => phase !== i + 1);
  if (gap) throw new Error(`migrations/${gap.folder} does not follow the phase before it`);
  return Promise.all(
    folders.map(async ({ folder, phase, name }) => {
      const [up, down] = await Promise.all([
        readScript(root, folder, 'up'),
        readScript(root, folder, 'down'),
      ]);
      return { phase, name, up, down };
    }),
  );
}

async function readScript(root: string, folder: string, direction: Direction): Promise<Script> {
  const path = `migrations/${folder}/${direction}.sql`;
  // A checkout on Windows may have changed the line ends; the script is the same.
  const text = (await readFile(join(root, path), 'utf8')).replaceAll('\r\n', '\n');
  return { path, text, sha256: createHash('sha256').update(text).digest('hex') };
}

/** The folder of the package, whether this runs from its sources or from the bundle. */
async function packageRoot(): Promise<string> {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!(await exists(join(folder, 'bin/pinnacle.js')))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('the program is not in its package');
    folder = parent;
  }
  return folder;
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

/** The tables that a phase creates, in order. */
export function tablesOf({ up }: Phase): string[] {
  return splitStatements(up.text).flatMap(({ sql }) => /^CREATE TABLE (\w+)/i.exec(sql)?.[1] ?? []);
}

/** Throws a usage error for a phase that has no scripts; `label` is the flag or argument that named it. */
export function assertPhaseExists(label: string, phase: number, phases: readonly Phase[]): void {
  if (phase > phases.length)
    throw usage(`${label}: there is no phase ${phase}; the last is ${phases.length}.`);
}

/** A phase to apply or to revert. */
export interface PhaseStep {
  phase: Phase;
  direction: Direction;
}
