import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../../platform/files/package-root.ts';
import { usage } from '../../util/failure.ts';
import { splitStatements } from './split-statements.ts';

type Direction = 'up' | 'down';

interface Script {
  /** From the root of the package: `migrations/1_core_tables/01_core_tables/up.sql`. */
  path: string;
  text: string;
  sha256: string;
}

/** A step of a phase by its numbers and its name; the first step has the name of its phase. */
export interface StepId {
  phase: number;
  step: number;
  name: string;
}

/** One step of the rollout, read from its folder. */
export interface Step extends StepId {
  up: Script;
  down: Script;
}

const FOLDER = /^(\d+)_([a-z0-9_]+)$/;

/** The scripts of every step, in the order in which they are applied. */
export async function loadSteps(): Promise<Step[]> {
  const root = await packageRoot();
  const phases = await numberedFolders(root, 'migrations');
  const steps = await Promise.all(phases.map(({ folder, number }) => loadPhase(root, folder, number)));
  return steps.flat();
}

async function loadPhase(root: string, folder: string, phase: number): Promise<Step[]> {
  const steps = await numberedFolders(root, folder);
  return Promise.all(
    steps.map(async (found) => {
      const [up, down] = await Promise.all([
        readScript(root, found.folder, 'up'),
        readScript(root, found.folder, 'down'),
      ]);
      return { phase, step: found.number, name: found.name, up, down };
    }),
  );
}

/** The folders `<number>_<name>` within a folder, which are numbered from 1. */
async function numberedFolders(root: string, parent: string) {
  const found = (await readdir(join(root, parent))).flatMap((entry) => {
    const [, number, name] = FOLDER.exec(entry) ?? [];
    return number && name ? [{ folder: `${parent}/${entry}`, number: Number(number), name }] : [];
  });
  found.sort((a, b) => a.number - b.number);
  const gap = found.find(({ number }, i) => number !== i + 1);
  if (gap) throw new Error(`${gap.folder} does not follow the folder before it`);
  return found;
}

async function readScript(root: string, folder: string, direction: Direction): Promise<Script> {
  const path = `${folder}/${direction}.sql`;
  // A checkout on Windows may have changed the line ends; the script is the same.
  const text = (await readFile(join(root, path), 'utf8')).replaceAll('\r\n', '\n');
  return { path, text, sha256: createHash('sha256').update(text).digest('hex') };
}

/** The tables that a step creates, in order. */
export function tablesOf({ up }: Step): string[] {
  return splitStatements(up.text).flatMap(({ sql }) => /^CREATE TABLE (\w+)/i.exec(sql)?.[1] ?? []);
}

/** The last phase there is. */
export const newestPhase = (steps: readonly Step[]) => steps.at(-1)?.phase ?? 0;

/** Whether both are the same step. */
export const isSameStep = (a: Omit<StepId, 'name'>, b: Omit<StepId, 'name'>) =>
  a.phase === b.phase && a.step === b.step;

/** `phase 4`, or `phase 4 step 2`: the first step of a phase goes by the phase. */
export const labelOf = ({ phase, step }: Omit<StepId, 'name'>) =>
  step === 1 ? `phase ${phase}` : `phase ${phase} step ${step}`;

/** `phase 4 risk_advanced`, or `phase 4 step 2` and its name. */
export const titleOf = (id: StepId) => `${labelOf(id)} ${id.name}`;

/** Throws a usage error for a phase that has no scripts; `label` is the flag or argument that named it. */
export function assertPhaseExists(label: string, phase: number, steps: readonly Step[]): void {
  if (phase > newestPhase(steps))
    throw usage(`${label}: there is no phase ${phase}; the last is ${newestPhase(steps)}.`);
}

/** A step to apply or to revert. */
export interface StepRun {
  step: Step;
  direction: Direction;
}
