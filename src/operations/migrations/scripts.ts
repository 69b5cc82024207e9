import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { splitStatements } from './split-statements.ts';

type Direction = 'up' | 'down';

interface Script {
  /** As an operator finds it: `migrations/1_core_tables/up.sql`. */
  path: string;
  text: string;
  sha256: string;
}

/** One phase of the rollout, as its folder has it. */
export interface Phase {
  phase: number;
  name: string;
  up: Script;
  down: Script;
}

const FOLDER = /^(\d+)_([a-z0-9_]+)$/;

/** The scripts of every phase, in their order. */
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
  // A checkout on Windows may have changed the line ends, which is no change of the script.
  const text = (await readFile(join(root, path), 'utf8')).replaceAll('\r\n', '\n');
  return { path, text, sha256: createHash('sha256').update(text).digest('hex') };
}

/** The package's folder, whether this runs from its sources or from the bundle. */
async function packageRoot(): Promise<string> {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!(await isThere(join(folder, 'bin/pinnacle.js')))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('the program is not in its package');
    folder = parent;
  }
  return folder;
}

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

/** The tables a phase makes, in their order. */
export function tablesOf({ up }: Phase): string[] {
  return splitStatements(up.text).flatMap(({ sql }) => /^CREATE TABLE (\w+)/i.exec(sql)?.[1] ?? []);
}

/** A phase to be applied or taken back. */
export interface Step {
  phase: Phase;
  direction: Direction;
}
