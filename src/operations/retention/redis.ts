import { setTimeout as sleep } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { Context } from '../../context.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import type { RedisConnection } from '../../platform/redis/connect.ts';
import { errorCodeOf } from '../../platform/redis/errors.ts';
import { type Keys, TTL_SECONDS } from '../../platform/redis/keys.ts';
import { compareSnapshots } from '../../projection/compare.ts';
import { findOrphans } from '../../projection/orphans.ts';
import { writeUntilStable } from '../../projection/project.ts';
import { readSnapshots } from '../../projection/read-snapshots.ts';

/** How one kind of thing in Redis stands; with `repair`, stood. */
export interface RedisFamilyState {
  kind: string;
  keep: string;
  rows: number;
  /** Keys without an end or with too late a one, notifications that the book has no longer, events that are too old. */
  due: number;
  /** What becomes of those. */
  end: 'repaired' | 'deleted';
}

/** Looks at what Redis holds, and with `repair` puts it right. Throws what Redis throws. */
export async function checkRedis(ctx: Context, repair: boolean): Promise<RedisFamilyState[]> {
  const [db, phase, redis] = [await ctx.db(), await ctx.phase(), await ctx.redis()];
  const found: RedisFamilyState[] = [];
  for (const family of FAMILIES) {
    const { kind, keep } = family;
    const { keys, endless } = await checkLifetimes(redis, family, { repair, signal: ctx.signal });
    const isOfNotices = kind === 'live_notifications' && phase >= 3;
    const gone = isOfNotices ? await deleteOrphanNotifications(db, redis, { repair, now: ctx.now }) : [];
    // A key may have both faults, and SCAN may name one twice.
    const due = new Set([...endless, ...gone]).size;
    found.push({ kind, keep, rows: keys, due, end: 'repaired' });
  }
  for (const stream of STREAMS) {
    const { events, due } = await checkEvents(redis, stream, { repair, now: ctx.now() });
    found.push({ kind: stream.kind, keep: stream.keep, rows: events, due, end: 'deleted' });
  }
  return found;
}

/** Keys of Redis that live no longer than so many seconds. */
export interface Family {
  kind: string;
  keep: string;
  /** Patterns of SCAN, behind the prefix. */
  patterns: readonly string[];
  lifetime: number;
}

export const FAMILIES: readonly Family[] = [
  { kind: 'market_data', keep: '30d', patterns: ['market_data:*'], lifetime: TTL_SECONDS.quote },
  { kind: 'order_status', keep: '7d', patterns: ['order:*', 'user_orders:*'], lifetime: TTL_SECONDS.order },
  { kind: 'user_sessions', keep: '7d', patterns: ['session:*:*'], lifetime: TTL_SECONDS.session },
  {
    kind: 'live_notifications',
    keep: '30d',
    patterns: ['notification:*', 'user_notifications:*'],
    lifetime: TTL_SECONDS.notification,
  },
];

/** What is written to live until a time of another clock may seem to live so many milliseconds longer. */
const TTL_SLACK_SECONDS = 60_000;

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
  { client, scan }: RedisConnection,
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

const isTooLong = (left: number, lifetime: number) =>
  left === -1 || left > lifetime * 1_000 + TTL_SLACK_SECONDS;

/** A stream that tells of what happens: its events hold what they tell of, and are kept as long as that. */
interface Stream {
  kind: string;
  keep: string;
  key: (keys: Keys) => string;
  lifetime: number;
}

export const STREAMS: readonly Stream[] = [
  { kind: 'order_events', keep: '7d', key: (keys) => keys.orderEvents, lifetime: TTL_SECONDS.order },
  {
    kind: 'notification_events',
    keep: '30d',
    key: (keys) => keys.notificationEvents,
    lifetime: TTL_SECONDS.notification,
  },
];

const AT_ONCE = 1_000;

/** How many events a stream has, and how many of them are too old; with `repair` those are deleted. */
export async function checkEvents(
  { client, keys }: RedisConnection,
  stream: Stream,
  { repair, now }: { repair: boolean; now: Date },
): Promise<{ events: number; due: number }> {
  const [key, before] = [stream.key(keys), now.getTime() - stream.lifetime * 1_000];
  try {
    const events = await client.xlen(key);
    const due = repair ? await client.xtrim(key, 'MINID', before) : await countBefore(client, key, before);
    return { events, due };
  } catch (error) {
    // Somebody's mistake under the name, which gives way to the next event.
    if (errorCodeOf(error) === 'WRONGTYPE') return { events: 0, due: 0 };
    throw error;
  }
}

/** An event's id begins with its time, in milliseconds. */
async function countBefore(client: RedisConnection['client'], key: string, before: number): Promise<number> {
  let [total, from] = [0, '-'];
  for (;;) {
    const events = await client.xrange(key, from, `(${before}`, 'COUNT', AT_ONCE);
    total += events.length;
    const last = events.at(-1)?.[0];
    if (last === undefined) return total;
    from = `(${last}`;
  }
}

/**
 * Notifications that Redis shows and the book has no longer, and lists of traders that name such: the lists are written
 * only when a trader gets a new notification, and grow old in between. With `repair` they are made as the book is. Gives
 * their keys.
 */
export async function deleteOrphanNotifications(
  db: Kysely<Database>,
  redis: RedisConnection,
  { repair, now }: { repair: boolean; now: () => Date },
): Promise<string[]> {
  const cleared: string[] = [];
  for await (const strays of findOrphans(db, redis, 3, 'notification')) {
    if (repair) await Promise.all(strays.map(({ key }) => redis.client.del(key)));
    cleared.push(...strays.map(({ key }) => key));
  }
  const lead = redis.keys.userNotifications('').length;
  for await (const keys of redis.scan('user_notifications:*')) {
    const lists = keys.map((key) => key.slice(lead));
    const subjects = { orders: [], notifications: [], lists };
    const drifts = await compareSnapshots(redis, await readSnapshots(db, redis.keys, subjects, now()));
    const stale = drifts.map(({ key }) => key.slice(lead));
    if (repair && stale.length > 0) await writeUntilStable(db, redis, { ...subjects, lists: stale }, now);
    cleared.push(...drifts.map(({ key }) => key));
  }
  return cleared;
}
