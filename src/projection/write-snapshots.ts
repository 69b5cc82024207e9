import type { RedisConnection } from '../platform/redis/connect.ts';
import { errorCodeOf } from '../platform/redis/errors.ts';
import { STREAM_ENTRIES } from '../platform/redis/keys.ts';
import { unlessOtherType } from '../platform/redis/own-keys.ts';
import { repliesOf } from '../platform/redis/transaction.ts';
import type { EventStream, Snapshot } from './kinds/kind.ts';
import { writeList } from './shared-list.ts';

/**
 * Writes snapshots and reads them again until they are what was written: of two processes that project the same rows at
 * once, the one that writes last has then written the rows as they were at that moment, or writes again.
 */
export async function writeUntilStable(
  redis: RedisConnection,
  read: (now: Date) => Promise<Snapshot[]>,
  now: () => Date,
): Promise<Snapshot[]> {
  let written = new Map<string, string>();
  for (;;) {
    const snapshots = await read(now());
    const changed = snapshots.filter((snapshot) => written.get(snapshot.key) !== JSON.stringify(snapshot));
    if (changed.length === 0) return snapshots;
    // One call per turn, so that they travel together.
    await Promise.all(changed.map((snapshot) => writeSnapshot(redis, snapshot)));
    written = new Map(snapshots.map((snapshot) => [snapshot.key, JSON.stringify(snapshot)]));
  }
}

async function writeSnapshot(redis: RedisConnection, snapshot: Snapshot): Promise<unknown> {
  const { client } = redis;
  const { key } = snapshot;
  if (snapshot.type === 'json') {
    if (snapshot.value === null) return client.del(key);
    if (snapshot.expires === null) return client.set(key, snapshot.value);
    return client.set(key, snapshot.value, 'EXAT', snapshot.expires);
  }
  // What has another type is nothing of ours, and nothing is due in its place.
  if (snapshot.members.length === 0 && snapshot.type === 'list')
    return unlessOtherType(writeList(redis, snapshot), undefined);
  return replaceOtherType(redis.client, key, () =>
    snapshot.type === 'list' ? writeList(redis, snapshot) : addToSet(redis, snapshot),
  );
}

/** Adds members to a set, which then lives at least as long as its newest; a set that another service keeps for ever stays so. */
async function addToSet(
  { client }: RedisConnection,
  { key, members, expires }: Snapshot & { type: 'set' },
): Promise<void> {
  const [before] = await repliesOf(
    client
      .multi()
      .expiretime(key)
      .sadd(key, ...members)
      .expireat(key, expires, 'GT'),
  );
  if (before === ABSENT) await client.expireat(key, expires, 'NX');
}

/** What EXPIRETIME says of a key that does not exist. */
const ABSENT = -2;

/** Announces a row in its stream, and on a channel if one is configured. After a failure an event may come twice. */
export async function publishEvent(
  { client, keys }: RedisConnection,
  { name, field }: EventStream,
  json: string,
): Promise<void> {
  const stream = keys.stream(name);
  await replaceOtherType(client, stream, () =>
    client.xadd(stream, 'MAXLEN', '~', STREAM_ENTRIES, '*', field, json),
  );
  const channel = keys.channel(name);
  if (channel !== undefined) await client.publish(channel, json);
}

/** Runs a command on one of our keys; a value of another type there is a mistake of somebody's and is replaced. */
async function replaceOtherType(
  client: RedisConnection['client'],
  key: string,
  run: () => Promise<unknown>,
): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (errorCodeOf(error) !== 'WRONGTYPE') throw error;
    await client.del(key);
    await run();
  }
}
