import { setTimeout as sleep } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { Context } from '../../context.ts';
import { isStorable } from '../../platform/postgres/storable.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import type { RedisConnection } from '../../platform/redis/connect.ts';
import { errorCodeOf } from '../../platform/redis/errors.ts';
import { DAY_SECONDS } from '../../platform/redis/keys.ts';
import { compareSnapshots } from '../../projection/compare.ts';
import type { EventStream, Kind } from '../../projection/kinds/kind.ts';
import { KINDS, type ProjectedKind, projectedKinds } from '../../projection/kinds/list.ts';
import { deleteKeys, findOrphans, findOwn } from '../../projection/orphans.ts';
import { writeUntilStable } from '../../projection/write-snapshots.ts';

/** What Redis holds of one kind, as keys or as events; after a repair, what it held before. */
export interface RedisFamilyState {
  kind: string;
  keep: string;
  rows: number;
  /** Keys that never expire or expire too late, keys whose row retention has deleted, events that are too old. */
  due: number;
  /** What a repair does with them. */
  end: 'repaired' | 'deleted';
}

/** Checks every key and event in Redis, and repairs them with `repair`. Throws what Redis throws. */
export async function checkRedis(ctx: Context, repair: boolean): Promise<RedisFamilyState[]> {
  const db = await ctx.db();
  const phase = await ctx.phase();
  const found: RedisFamilyState[] = [];
  for (const kind of KINDS) {
    if (!isExpiring(kind)) continue;
    const redis = await ctx.redis(kind.purpose);
    const { keys, endless } = await checkTtls(db, redis, kind, { phase, repair, signal: ctx.signal });
    const expiring = projectedKinds(phase).find((each) => each === kind && each.source.expires);
    const outdated = expiring ? await checkExpired(db, redis, expiring, { repair, now: ctx.now }) : [];
    // A key may have both faults, and SCAN may return one twice.
    const due = new Set([...endless, ...outdated]).size;
    found.push({ kind: kind.retention, keep: keepOf(kind), rows: keys, due, end: 'repaired' });
  }
  for (const kind of projectedKinds()) {
    const { stream } = kind.source;
    if (!stream || !isExpiring(kind)) continue;
    const redis = await ctx.redis(kind.purpose);
    const { events, due } = await checkEvents(redis, stream, kind, { repair, now: ctx.now() });
    found.push({ kind: stream.retention, keep: keepOf(kind), rows: events, due, end: 'deleted' });
  }
  return found;
}

/** A kind whose keys expire. */
type ExpiringKind = Kind & { ttlSeconds: number; retention: string };

const isExpiring = (kind: Kind): kind is ExpiringKind =>
  kind.ttlSeconds !== null && kind.retention !== undefined;

const keepOf = ({ ttlSeconds }: ExpiringKind) => `${ttlSeconds / DAY_SECONDS}d`;

/** A key whose expiry was set by another clock may seem to live this much longer. */
const TTL_SLACK_MS = 60_000;

/**
 * Checks every key of a kind, one page at a time, and with `repair` gives those of this program that live too long the longest
 * TTL they may have; how long the keys of others live is theirs to say. Pauses after each page as long as it took. Returns the number of keys, and those that live too long.
 */
async function checkTtls(
  db: Kysely<Database>,
  redis: RedisConnection,
  { keys: families, ttlSeconds, source }: ExpiringKind,
  { phase, repair, signal }: { phase: number; repair: boolean; signal: AbortSignal },
): Promise<{ keys: number; endless: string[] }> {
  const { client, scan } = redis;
  const endless: string[] = [];
  let count = 0;
  const isEndless = (ttlMs = 0) => ttlMs === -1 || ttlMs > ttlSeconds * 1_000 + TTL_SLACK_MS;
  for (const family of families)
    for await (const keys of scan(family.pattern ?? `${family.name}:*`)) {
      const started = performance.now();
      const ttls = await Promise.all(keys.map((key) => client.pttl(key)));
      const late = keys.filter((_key, i) => isEndless(ttls[i]));
      // Before its table exists nothing of a kind is this program's.
      const found = (source?.phase ?? 0) > phase ? [] : await findOwn(db, redis, family, late);
      // LT keeps an earlier expiry that was set in the meantime.
      if (repair) await Promise.all(found.map((key) => client.expire(key, ttlSeconds, 'LT')));
      count += keys.length;
      endless.push(...found);
      await sleep(performance.now() - started, undefined, { signal });
    }
  return { keys: count, endless };
}

const BATCH_EVENTS = 1_000;

/** Counts the events of a kind, and those older than its TTL; with `repair` deletes those. */
async function checkEvents(
  { client, keys }: RedisConnection,
  { name }: EventStream,
  { ttlSeconds }: ExpiringKind,
  { repair, now }: { repair: boolean; now: Date },
): Promise<{ events: number; due: number }> {
  const stream = keys.stream(name);
  const before = now.getTime() - ttlSeconds * 1_000;
  try {
    const events = await client.xlen(stream);
    const due = repair
      ? await client.xtrim(stream, 'MINID', before)
      : await countBefore(client, stream, before);
    return { events, due };
  } catch (error) {
    // A value of another type, which the next event replaces.
    if (errorCodeOf(error) === 'WRONGTYPE') return { events: 0, due: 0 };
    throw error;
  }
}

/** The id of an event begins with its time, in milliseconds. */
async function countBefore(
  client: RedisConnection['client'],
  stream: string,
  before: number,
): Promise<number> {
  let total = 0;
  for (let from = '-'; ; ) {
    const events = await client.xrange(stream, from, `(${before}`, 'COUNT', BATCH_EVENTS);
    total += events.length;
    const last = events.at(-1)?.[0];
    if (last === undefined) return total;
    from = `(${last}`;
  }
}

/**
 * Keys whose row retention has deleted, and lists that still name such rows: a list is written only when its user gets a
 * new row. With `repair` the keys are deleted and the lists written again. Returns their keys.
 */
async function checkExpired(
  db: Kysely<Database>,
  redis: RedisConnection,
  { keys: families, source }: ProjectedKind,
  { repair, now }: { repair: boolean; now: () => Date },
): Promise<string[]> {
  const outdated: string[] = [];
  const own = families.filter(({ row }) => row?.table === source.table);
  for await (const found of findOrphans(db, redis, own, now)) {
    const orphans = found.filter((orphan) => orphan.own);
    if (repair) await deleteKeys(redis, orphans);
    outdated.push(...orphans.map(({ key }) => key));
  }
  for (const { name, snapshots } of families) {
    if (!snapshots) continue;
    const prefix = redis.keys.named(name, '');
    const read = (keys: readonly string[], at: Date) =>
      snapshots(db, redis.keys, keys.map((key) => key.slice(prefix.length)).filter(isStorable), at);
    for await (const keys of redis.scan(`${name}:*`)) {
      const drifts = await compareSnapshots(redis, await read(keys, now()));
      const stale = drifts.map(({ key }) => key);
      if (repair && stale.length > 0) await writeUntilStable(redis, (at) => read(stale, at), now);
      outdated.push(...stale);
    }
  }
  return outdated;
}
