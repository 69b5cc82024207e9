import { setTimeout as sleep } from 'node:timers/promises';
import { instant } from '../domain/instant.ts';
import type { RedisConnection } from '../platform/redis/connect.ts';
import { errorCodeOf } from '../platform/redis/errors.ts';
import type { Snapshot } from './kinds/kind.ts';

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

async function compareSnapshot({ client }: RedisConnection, snapshot: Snapshot): Promise<Drift[]> {
  const { key } = snapshot;
  const drift = (detail: string): Drift[] => [{ key, detail }];
  try {
    const [held, expires] = await Promise.all([contentOf(client, snapshot), client.expiretime(key)]);
    const difference = differenceOf(snapshot, held);
    if (difference) return drift(difference);
    return held !== null && !hasExpectedTtl(snapshot, expires) ? drift(describeExpiry(expires)) : [];
  } catch (error) {
    if (errorCodeOf(error) !== 'WRONGTYPE') throw error;
    return drift(`is not ${snapshot.type === 'json' ? 'JSON' : `a ${snapshot.type}`}`);
  }
}

type Content = string | string[] | null;

async function contentOf(client: RedisConnection['client'], snapshot: Snapshot): Promise<Content> {
  const { type, key } = snapshot;
  if (type === 'json') return client.get(key);
  const members = type === 'list' ? await client.lrange(key, 0, -1) : await client.smembers(key);
  return members.length === 0 ? null : members;
}

function differenceOf(snapshot: Snapshot, held: Content): string | undefined {
  const due =
    snapshot.type === 'json' ? snapshot.value : snapshot.members.length === 0 ? null : snapshot.members;
  if (due === null || held === null) {
    if (due === held) return undefined;
    return held === null ? 'is missing' : 'exists, and should not';
  }
  if (snapshot.type === 'json') return differentFields(String(due), String(held));
  if (snapshot.type === 'list')
    return String(due) === String(held) ? undefined : 'does not hold the newest in order';
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

// A set lives as long as its newest member, and others than these may be newer.
const hasExpectedTtl = ({ type, expires }: Snapshot, actual: number) =>
  type === 'set' ? actual >= expires : actual === (expires ?? NEVER);

/** What EXPIRETIME says of a key that never expires. */
const NEVER = -1;

const describeExpiry = (expires: number) =>
  expires < 0 ? 'never expires' : `expires at ${instant(new Date(expires * 1_000))}, which is not its TTL`;
