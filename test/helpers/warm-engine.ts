import { statSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';

/** The engine of a folder between two commands of this process; undefined while a command uses it or none was started. */
type Parked = { engine: PGlite; end: () => Promise<void>; inode: number } | undefined;

const warm = new Map<string, Parked>();
const create = PGlite.create.bind(PGlite) as (dir: string, options: object) => Promise<PGlite>;

/**
 * Keeps the engine of a folder running from one command of this process to the next, reset as a new one is: to start it
 * takes ten times as long as most commands. No other process may use the folder, and nothing may replace it.
 */
export function keepWarm(dir: string): void {
  warm.set(dir, undefined);
  PGlite.create = createOrTake as typeof PGlite.create;
}

export const isWarm = (dir: string | undefined) => dir !== undefined && warm.has(dir);

/** Ends the engine of a folder, so that its files are whole; the next command starts one anew. */
export async function coolDown(dir: string): Promise<void> {
  const parked = warm.get(dir);
  if (!parked) return;
  warm.set(dir, undefined);
  await parked.end();
}

/** Ends it for good. */
export async function keepCold(dir: string): Promise<void> {
  await coolDown(dir);
  warm.delete(dir);
}

async function createOrTake(dir: string, options: object): Promise<PGlite> {
  if (!warm.has(dir)) return create(dir, options);
  const parked = warm.get(dir);
  warm.set(dir, undefined);
  const inode = statSync(dir).ino;
  if (parked && parked.inode !== inode)
    throw new Error(`${dir} was replaced while its engine was running: open it with openCold`);
  if (parked) return parked.engine;
  const engine = await create(dir, options);
  const end = engine.close.bind(engine);
  engine.close = async () => {
    if (!warm.has(dir)) return end();
    await engine.exec('ROLLBACK');
    await engine.exec('DISCARD ALL');
    warm.set(dir, { engine, end, inode });
  };
  return engine;
}
