import type { RedisConnection } from '../platform/redis/connect.ts';
import { errorCodeOf } from '../platform/redis/errors.ts';
import { STREAM_LENGTH } from '../platform/redis/keys.ts';
import type { Snapshot } from './read-snapshots.ts';

/** Makes Redis hold these images, whatever was under their keys before; they travel together. */
export async function writeSnapshots(
  { client }: RedisConnection,
  images: readonly Snapshot[],
): Promise<void> {
  await Promise.all(images.map((image) => writeSnapshot(client, image)));
}

async function writeSnapshot(client: RedisConnection['client'], image: Snapshot): Promise<unknown> {
  const { type, key, expires } = image;
  if (type === 'json' && image.value !== null) return client.set(key, image.value, 'EXAT', expires);
  if (type === 'json' || image.members.length === 0) return client.del(key);
  if (type === 'list')
    return all(
      client
        .multi()
        .del(key)
        .rpush(key, ...image.members)
        .expireat(key, expires)
        .exec(),
    );
  return replacing(client, key, async () => {
    await client.sadd(key, ...image.members);
    // The first for a set that has no end yet; the second only ever makes it live longer.
    await Promise.all([client.expireat(key, expires, 'NX'), client.expireat(key, expires, 'GT')]);
  });
}

/** Tells whoever watches what an order or a notification has come to. An event may come twice, after a failure. */
export async function publishEvents(
  { client }: RedisConnection,
  stream: string,
  field: string,
  json: string,
): Promise<void> {
  await replacing(client, stream, () => client.xadd(stream, 'MAXLEN', '~', STREAM_LENGTH, '*', field, json));
}

/** Runs a command on a key of ours; what another type of value stands there, somebody else's mistake, gives way. */
async function replacing(
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

/** The answers of a transaction: the first failure among them is one of the whole. */
async function all(answers: Promise<[Error | null, unknown][] | null>): Promise<void> {
  for (const [error] of (await answers) ?? []) if (error) throw error;
}
