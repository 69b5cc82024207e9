import { setTimeout as sleep } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import { instant } from '../domain/instant.ts';
import type { Database } from '../platform/postgres/tables.ts';
import type { RedisConnection } from '../platform/redis/connect.ts';
import { errorCodeOf } from '../platform/redis/errors.ts';
import { type ProjectionKeys, readSnapshots, type Snapshot } from './read-snapshots.ts';

/** How Redis differs from an image. */
export interface Drift {
  key: string;
  detail: string;
}

const COMPARE_ATTEMPTS = 4;
const COMPARE_PAUSE_MS = 150;

/** How Redis differs from the book, and goes on to: between a change and its way to Redis everything does for a moment. */
export async function lastingDrifts(
  db: Kysely<Database>,
  redis: RedisConnection,
  subjects: ProjectionKeys,
  { now, signal }: { now: () => Date; signal: AbortSignal },
): Promise<Drift[]> {
  for (let look = 1; ; look++) {
    signal.throwIfAborted();
    const drifts = await compareSnapshots(redis, await readSnapshots(db, redis.keys, subjects, now()));
    if (drifts.length === 0 || look === COMPARE_ATTEMPTS) return drifts;
    await sleep(COMPARE_PAUSE_MS);
  }
}

/** What of these images Redis does not hold. */
export async function compareSnapshots(
  redis: RedisConnection,
  images: readonly Snapshot[],
): Promise<Drift[]> {
  const found = await Promise.all(images.map((image) => compareSnapshot(redis, image)));
  return found.flat();
}

async function compareSnapshot({ client }: RedisConnection, image: Snapshot): Promise<Drift[]> {
  const { key } = image;
  const drift = (detail: string): Drift[] => [{ key, detail }];
  try {
    const [held, expires] = await Promise.all([contentOf(client, image), client.expiretime(key)]);
    const difference = differenceOf(image, held);
    if (difference) return drift(difference);
    return held !== null && !hasExpectedTtl(image, expires) ? drift(`lives ${ttlOf(expires)}`) : [];
  } catch (error) {
    if (errorCodeOf(error) !== 'WRONGTYPE') throw error;
    return drift(`is no ${image.type === 'json' ? 'JSON' : image.type}`);
  }
}

type Content = string | string[] | null;

async function contentOf(client: RedisConnection['client'], image: Snapshot): Promise<Content> {
  if (image.type === 'json') return client.get(image.key);
  const members =
    image.type === 'list' ? await client.lrange(image.key, 0, -1) : await client.smembers(image.key);
  return members.length === 0 ? null : members;
}

function differenceOf(image: Snapshot, held: Content): string | undefined {
  const due = image.type === 'json' ? image.value : image.members.length === 0 ? null : image.members;
  if (due === null || held === null) {
    if (due === held) return undefined;
    return held === null ? 'is missing' : 'is there, and should not be';
  }
  if (image.type === 'json') return differentFields(String(due), String(held));
  if (image.type === 'list')
    return String(due) === String(held) ? undefined : 'does not hold the newest in their order';
  const there = new Set(held);
  const missing = image.members.filter((member) => !there.has(member));
  return missing.length > 0 ? `lacks ${missing.length}, among them ${missing[0]}` : undefined;
}

/** The fields that the book has otherwise; a service may add fields of its own. */
function differentFields(due: string, held: string): string | undefined {
  let there: Record<string, unknown>;
  try {
    there = JSON.parse(held) ?? {};
  } catch {
    return 'is no JSON';
  }
  const fields = Object.entries(JSON.parse(due) as Record<string, unknown>)
    .filter(([name, value]) => JSON.stringify(there[name]) !== JSON.stringify(value))
    .map(([name]) => name);
  return fields.length > 0 ? `differs in ${fields.join(', ')}` : undefined;
}

// A set lives as long as its youngest order, of which others than these may be younger.
const hasExpectedTtl = ({ type, expires }: Snapshot, actual: number) =>
  type === 'set' ? actual >= expires : actual === expires;

const ttlOf = (expires: number) =>
  expires < 0 ? 'for ever' : `until ${instant(new Date(expires * 1_000))}, which is not as long as it should`;
