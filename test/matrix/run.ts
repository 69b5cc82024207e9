import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { temporaryParent } from '../helpers/memory.ts';
import { startServer } from '../helpers/postgres.ts';
import { startRedis } from '../helpers/redis.ts';
import type { Place } from './smoke.ts';

/** A place with servers of its own. */
export type OwnPlace = Place & { stop: () => Promise<unknown> };

export interface Run {
  /** Of the run; gone at its end. */
  folder: string;
  /** Starts servers by the binaries in a folder. */
  startPlace: (bin: string | undefined, node: string | undefined) => Promise<OwnPlace>;
  /** Says how something went and how long it took; undefined where it failed. */
  attempt: <T>(name: string, work: () => Promise<T>) => Promise<T | undefined>;
  /** Works through a list, on as many of it at once as there are processors. */
  inLanes: <T>(list: readonly T[], work: (one: T) => Promise<unknown>) => Promise<void>;
  failed: () => number;
}

/** Runs a proof of many attempts: ends 1 if one of them failed. */
export async function prove(work: (run: Run) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(temporaryParent(), 'pinnacle-matrix-'));
  // Servers run as somebody else where this runs as root.
  chmodSync(folder, 0o711);
  const cacheDir = join(folder, 'cache');
  mkdirSync(cacheDir);
  let failed = 0;
  const startPlace: Run['startPlace'] = async (bin, node) => {
    const [server, redis] = await Promise.all([startServer({}, folder, bin), startRedis()]);
    const own = mkdtempSync(join(folder, 'place-'));
    const stop = () => Promise.all([server.stop(), redis.stop()]);
    return { serverUrl: server.url, redisUrl: redis.url, node, folder: own, cacheDir, stop };
  };
  const attempt: Run['attempt'] = async (name, one) => {
    const started = performance.now();
    const seconds = () => `${((performance.now() - started) / 1_000).toFixed(1)} s`;
    try {
      const result = await one();
      say(`${name}: ${seconds()}`);
      return result;
    } catch (error) {
      failed++;
      say(`${name}: FAILED, ${seconds()}\n${(error as Error).message}`);
      return undefined;
    }
  };
  try {
    await work({ folder, startPlace, attempt, inLanes, failed: () => failed });
  } catch (error) {
    failed++;
    say((error as Error).message);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  say(failed === 0 ? 'all as it should be' : `${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

async function inLanes<T>(list: readonly T[], work: (one: T) => Promise<unknown>): Promise<void> {
  const left = [...list];
  const lane = async () => {
    for (let one = left.shift(); one !== undefined; one = left.shift()) await work(one);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
