import { setTimeout as sleep } from 'node:timers/promises';
import type { Realtime } from '../redis/connect.ts';
import { LIFETIME } from '../redis/keys.ts';

/** Keys of Redis that live no longer than so many seconds. */
export interface Family {
  kind: string;
  keep: string;
  /** Patterns of SCAN, behind the prefix. */
  patterns: readonly string[];
  lifetime: number;
}

export const FAMILIES: readonly Family[] = [
  { kind: 'market_data', keep: '30d', patterns: ['market_data:*'], lifetime: LIFETIME.quote },
  { kind: 'order_status', keep: '7d', patterns: ['order:*', 'user_orders:*'], lifetime: LIFETIME.order },
  { kind: 'user_sessions', keep: '7d', patterns: ['session:*:*'], lifetime: LIFETIME.session },
  {
    kind: 'live_notifications',
    keep: '30d',
    patterns: ['notification:*', 'user_notifications:*'],
    lifetime: LIFETIME.notification,
  },
];

/** What is written to live until a time of another clock may seem to live so many milliseconds longer. */
const SLACK = 60_000;

/** How many keys there are, and which had no end or a later one than they may. */
interface Lives {
  keys: number;
  endless: string[];
}

/**
 * Looks at every key of a family, a page at a time, and with `repair` gives those that live too long the longest life
 * they may have. Rests after each page as long as that took.
 */
export async function checkLifetimes(
  { client, scan }: Realtime,
  { patterns, lifetime }: Family,
  { repair, signal }: { repair: boolean; signal: AbortSignal },
): Promise<Lives> {
  const lives: Lives = { keys: 0, endless: [] };
  for (const pattern of patterns)
    for await (const keys of scan(pattern)) {
      const started = performance.now();
      const left = await Promise.all(keys.map((key) => client.pttl(key)));
      const endless = keys.filter((_key, i) => isTooLong(left[i] ?? 0, lifetime));
      // LT: what somebody gave an earlier end meanwhile keeps it.
      if (repair) await Promise.all(endless.map((key) => client.expire(key, lifetime, 'LT')));
      lives.keys += keys.length;
      lives.endless.push(...endless);
      await sleep(performance.now() - started, undefined, { signal });
    }
  return lives;
}

const isTooLong = (left: number, lifetime: number) => left === -1 || left > lifetime * 1_000 + SLACK;
