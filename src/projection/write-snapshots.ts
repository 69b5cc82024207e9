import type { RedisConnection } from '../platform/redis/connect.ts';
import { errorCodeOf } from '../platform/redis/errors.ts';
import { STREAM_ENTRIES } from '../platform/redis/keys.ts';
import type { Snapshot } from './kinds/kind.ts';

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
    await Promise.all(changed.map((snapshot) => writeSnapshot(redis.client, snapshot)));
    written = new Map(snapshots.map((snapshot) => [snapshot.key, JSON.stringify(snapshot)]));
  }
}

async function writeSnapshot(client: RedisConnection['client'], snapshot: Snapshot): Promise<unknown> {
  const { key } = snapshot;
  if (snapshot.type === 'json') {
    if (snapshot.value === null) return client.del(key);
    if (snapshot.expires === null) return client.set(key, snapshot.value);
    return client.set(key, snapshot.value, 'EXAT', snapshot.expires);
  }
  const { type, expires } = snapshot;
  if (snapshot.members.length === 0) return client.del(key);
  if (type === 'list')
    return assertAll(
      client
        .multi()
        .del(key)
        .rpush(key, ...snapshot.members)
        .expireat(key, expires)
        .exec(),
    );
  return replaceOtherType(client, key, async () => {
    await client.sadd(key, ...snapshot.members);
    // NX sets the first expiry of a set; GT only ever extends it.
    await Promise.all([client.expireat(key, expires, 'NX'), client.expireat(key, expires, 'GT')]);
  });
}

/** Announces a row in a stream. After a failure an event may come twice. */
export async function publishEvent(
  { client }: RedisConnection,
  stream: string,
  field: string,
  json: string,
): Promise<void> {
  await replaceOtherType(client, stream, () =>
    client.xadd(stream, 'MAXLEN', '~', STREAM_ENTRIES, '*', field, json),
  );
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

/** Throws the first failure among the replies of a transaction. */
async function assertAll(replies: Promise<[Error | null, unknown][] | null>): Promise<void> {
  for (const [error] of (await replies) ?? []) if (error) throw error;
}
