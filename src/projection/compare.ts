import { setTimeout as sleep } from 'node:timers/promises';
import { instant } from '../domain/instant.ts';
import type { RedisConnection } from '../platform/redis/connect.ts';
import { errorCodeOf } from '../platform/redis/errors.ts';
import type { Snapshot } from './kinds/kind.ts';
import { mergedList } from './shared-list.ts';

/** How a key of Redis differs from its snapshot. */
export interface Drift {
  key: string;
  detail: string;
}

const COMPARE_ATTEMPTS = 4;
const COMPARE_PAUSE_MS = 150;

/** How Redis differs from the snapshots, and still does after a pause: each change differs on its way to Redis. */
export async function lastingDrifts(
  redis: RedisConnection,
  read: (now: Date) => Promise<Snapshot[]>,
  { now, signal }: { now: () => Date; signal: AbortSignal },
): Promise<Drift[]> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    const drifts = await compareSnapshots(redis, await read(now()));
    if (drifts.length === 0 || attempt === COMPARE_ATTEMPTS) return drifts;
    await sleep(COMPARE_PAUSE_MS);
  }
}

/** How Redis differs from these snapshots at this moment. */
export async function compareSnapshots(
  redis: RedisConnection,
  snapshots: readonly Snapshot[],
): Promise<Drift[]> {
  const found = await Promise.all(snapshots.map((snapshot) => compareSnapshot(redis, snapshot)));
  return found.flat();
}

async function compareSnapshot(redis: RedisConnection, snapshot: Snapshot): Promise<Drift[]> {
  const { client } = redis;
  const { key } = snapshot;
  try {
    const expires = client.expiretime(key);
    const found =
      snapshot.type === 'list' ? await listDrift(redis, snapshot) : await otherDrift(client, snapshot);
    const detail = found.difference ?? expiryDrift(snapshot, found, await expires);
    return detail === undefined ? [] : [{ key, detail }];
  } catch (error) {
    if (errorCodeOf(error) !== 'WRONGTYPE') throw error;
    // Nothing of ours is there or due.
    if (snapshot.type === 'list' && snapshot.members.length === 0) return [];
    return [{ key, detail: `is not ${snapshot.type === 'json' ? 'JSON' : `a ${snapshot.type}`}` }];
  }
}

/** What a key holds, against its snapshot. */
interface Found {
  difference: string | undefined;
  isAbsent: boolean;
  /** Whether others keep ids of theirs there. */
  isShared: boolean;
}

async function listDrift(redis: RedisConnection, snapshot: Snapshot & { type: 'list' }): Promise<Found> {
  const held = await redis.client.lrange(snapshot.key, 0, -1);
  const { members, isShared } = await mergedList(redis, snapshot, held);
  const isAbsent = held.length === 0;
  if (String(members) === String(held)) return { difference: undefined, isAbsent, isShared };
  const isEmpty = members.length === 0;
  const difference = isAbsent
    ? 'is missing'
    : isEmpty
      ? 'exists, and should not'
      : 'does not hold the newest in order';
  return { difference, isAbsent, isShared };
}

async function otherDrift(
  client: RedisConnection['client'],
  snapshot: Exclude<Snapshot, { type: 'list' }>,
): Promise<Found> {
  const { type, key } = snapshot;
  const held = type === 'json' ? await client.get(key) : await client.smembers(key);
  const isAbsent = held === null || held.length === 0;
  return { difference: differenceOf(snapshot, isAbsent ? null : held), isAbsent, isShared: type === 'set' };
}

function differenceOf(
  snapshot: Exclude<Snapshot, { type: 'list' }>,
  held: string | string[] | null,
): string | undefined {
  const due = snapshot.type === 'json' ? snapshot.value : snapshot.members;
  if (due === null || held === null) {
    if (due === held) return undefined;
    return held === null ? 'is missing' : 'exists, and should not';
  }
  if (snapshot.type === 'json') return differentFields(String(due), String(held));
  const members = new Set(held);
  const missing = snapshot.members.filter((member) => !members.has(member));
  return missing.length > 0 ? `lacks ${missing.length}, among them ${missing[0]}` : undefined;
}

/** The fields that differ from the row; a service may add fields of its own. */
function differentFields(due: string, held: string): string | undefined {
  let actual: Record<string, unknown>;
  try {
    actual = JSON.parse(held) ?? {};
  } catch {
    return 'is not JSON';
  }
  const fields = Object.entries(JSON.parse(due) as Record<string, unknown>)
    .filter(([name, value]) => JSON.stringify(actual[name]) !== JSON.stringify(value))
    .map(([name]) => name);
  return fields.length > 0 ? `differs in ${fields.join(', ')}` : undefined;
}

/** What is wrong with the end of a key, a Unix time in seconds. What is shared may live longer, or for ever. */
function expiryDrift(
  { expires }: Snapshot,
  { isAbsent, isShared }: Found,
  actual: number,
): string | undefined {
  if (isAbsent) return undefined;
  const due = expires ?? NEVER;
  const isRight = isShared ? actual === NEVER || actual >= due : actual === due;
  return isRight ? undefined : describeExpiry(actual);
}

/** What EXPIRETIME says of a key that never expires. */
const NEVER = -1;

const describeExpiry = (expires: number) =>
  expires < 0 ? 'never expires' : `expires at ${instant(new Date(expires * 1_000))}, which is not its TTL`;
