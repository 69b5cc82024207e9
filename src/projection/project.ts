import type { Kysely } from 'kysely';
import { deleteOutbox, oldestPending, type Pending } from '../audit/outbox.ts';
import { type Instant, isBefore } from '../domain/instant.ts';
import type { Database } from '../platform/postgres/tables.ts';
import type { RedisConnection } from '../platform/redis/connect.ts';
import { endSession, readSession, sessionIds } from '../trading/users/login-sessions.ts';
import { type ProjectionKeys, readSnapshots, type Snapshot } from './read-snapshots.ts';
import { publishEvents, writeSnapshots } from './write-snapshots.ts';

/**
 * Brings Redis up to what the book says of some things, and takes them out of the outbox. Throws what Redis throws;
 * then they stay there. Run twice, or by two at once, it comes to the same.
 */
export async function project(
  db: Kysely<Database>,
  redis: RedisConnection,
  entries: readonly Pending[],
  now: () => Date,
): Promise<void> {
  const of = (...kinds: Pending['kind'][]) => [
    ...new Set(entries.filter(({ kind }) => kinds.includes(kind)).map(({ key }) => key)),
  ];
  const images = await writeUntilStable(
    db,
    redis,
    { orders: of('order'), notifications: of('notification', 'read') },
    now,
  );
  const told = new Map(images.map((image) => [image.key, image]));
  const { keys } = redis;
  const tell = (stream: string, field: string, key: string) => {
    const image = told.get(key);
    return image?.type === 'json' && image.value !== null
      ? publishEvents(redis, stream, field, image.value)
      : undefined;
  };
  await Promise.all([
    ...of('order').map((id) => tell(keys.orderEvents, 'order', keys.order(id))),
    ...of('notification').map((id) => tell(keys.notificationEvents, 'notification', keys.notification(id))),
    endSessions(
      redis,
      entries.filter(({ kind }) => kind === 'logout'),
    ),
    ...of('revoke').map((key) => redis.client.del(keys.sessionAt(key))),
  ]);
  await deleteOutbox(db, entries);
}

/**
 * Writes the images of things and reads the book again until it says what was written: of two that project the same
 * thing at once, the one that writes last has then written what the book said at that moment, or will write again.
 */
export async function writeUntilStable(
  db: Kysely<Database>,
  redis: RedisConnection,
  subjects: ProjectionKeys,
  now: () => Date,
): Promise<Snapshot[]> {
  let written = new Map<string, string>();
  for (;;) {
    const images = await readSnapshots(db, redis.keys, subjects, now());
    const moved = images.filter((image) => written.get(image.key) !== JSON.stringify(image));
    if (moved.length === 0) return images;
    await writeSnapshots(redis, moved);
    written = new Map(images.map((image) => [image.key, JSON.stringify(image)]));
  }
}

const BATCH_ENTRIES = 500;

/** Projects what waits, the oldest first, until nothing does; gives how much it was. Throws what Redis throws. */
export async function drainAll(
  db: Kysely<Database>,
  redis: RedisConnection,
  now: () => Date,
  signal: AbortSignal,
): Promise<number> {
  for (let drained = 0; ; ) {
    signal.throwIfAborted();
    const entries = await oldestPending(db, BATCH_ENTRIES);
    if (entries.length === 0) return drained;
    await project(db, redis, entries, now);
    drained += entries.length;
  }
}

/** Ends the sessions of users that were there when it was asked for; those begun since stay. */
async function endSessions(redis: RedisConnection, entries: readonly Pending[]): Promise<void> {
  // Asked for in this order, so that the last word on a user is the latest.
  for (const [user, at] of new Map(entries.map(({ key, at }) => [key, at])))
    for await (const ids of sessionIds(redis, user))
      await Promise.all(ids.map((id) => endUnlessAfter(redis, user, id, at)));
}

async function endUnlessAfter(redis: RedisConnection, user: string, id: string, at: Instant): Promise<void> {
  const session = await readSession(redis, user, id);
  if (!session || (session.created_at !== null && isBefore(at, session.created_at))) return;
  await endSession(redis, user, id);
}
