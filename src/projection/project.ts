import type { Kysely } from 'kysely';
import { deleteOutbox, oldestPending, type Pending } from '../audit/outbox.ts';
import { REDIS_PURPOSES } from '../platform/config/redis-settings.ts';
import type { Database } from '../platform/postgres/tables.ts';
import type { RedisConnection, RedisOf } from '../platform/redis/connect.ts';
import { isRedisFailure, redisFailure } from '../platform/redis/errors.ts';
import type { Snapshot } from './kinds/kind.ts';
import { entriesFor, KIND_OF_ENTRY, KINDS, type ProjectedKind, projectedKinds } from './kinds/list.ts';
import { publishEvent, writeUntilStable } from './write-snapshots.ts';

/**
 * Brings the rows that entries name to Redis, each kind to its own, and deletes the entries. Throws a Failure for what could
 * not be reached, once the rest is there; its entries then stay. It may run twice, or in two processes at once, with the
 * same result.
 */
export async function project(
  db: Kysely<Database>,
  redisOf: RedisOf,
  entries: readonly Pending[],
  now: () => Date,
): Promise<void> {
  const purposes = [...new Set(entries.map(({ kind }) => KIND_OF_ENTRY[kind].purpose))];
  const ends = await Promise.allSettled(
    purposes.map(async (purpose) => {
      const own = entries.filter(({ kind }) => KIND_OF_ENTRY[kind].purpose === purpose);
      const redis = await redisOf(purpose);
      await projectTo(db, redis, own, now).catch((error) => {
        throw isRedisFailure(error) ? redisFailure(error, redis.where) : error;
      });
    }),
  );
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

async function projectTo(
  db: Kysely<Database>,
  redis: RedisConnection,
  entries: readonly Pending[],
  now: () => Date,
): Promise<void> {
  const batches = batchesOf(entries);
  const readBatch = async ({ kind, ids, announced }: (typeof batches)[number], at: Date) =>
    (await kind.source.snapshots(db, redis.keys, ids, at)).map((snapshot) =>
      snapshot.type === 'list' ? { ...snapshot, fresh: announced } : snapshot,
    );
  const read = (at: Date) => Promise.all(batches.map((batch) => readBatch(batch, at)));
  const written = await writeUntilStable(redis, async (at) => (await read(at)).flat(), now);
  await Promise.all([
    ...batches.map(({ kind, announced }) => announce(redis, kind, announced, written)),
    ...KINDS.flatMap(({ outbox }) => Object.entries(outbox)).map(async ([name, effect]) => {
      const own = entries.filter(({ kind }) => kind === name);
      if (typeof effect === 'function') await effect(redis, own);
    }),
  ]);
  await deleteOutbox(db, entries);
}

/** The rows that entries name, by kind: those to write, and those of them to announce. */
function batchesOf(entries: readonly Pending[]) {
  return projectedKinds()
    .map((kind) => {
      const own = entries.filter((entry) => KIND_OF_ENTRY[entry.kind] === kind);
      const announced = own.filter((entry) => kind.outbox[entry.kind] === 'announce');
      return { kind, ids: keysIn(own), announced: keysIn(announced) };
    })
    .filter(({ ids }) => ids.length > 0);
}

const keysIn = (entries: readonly Pending[]) => [...new Set(entries.map(({ key }) => key))];

/** Publishes the JSON that was written for these rows; a row without a key is not announced. */
async function announce(
  redis: RedisConnection,
  { keys: [family], source: { stream } }: ProjectedKind,
  ids: readonly string[],
  written: readonly Snapshot[],
): Promise<void> {
  if (!stream) return;
  const keys = new Set(ids.map((id) => redis.keys.named(family.name, id)));
  await Promise.all(
    written.map(async (snapshot) => {
      if (snapshot.type === 'json' && snapshot.value !== null && keys.has(snapshot.key))
        await publishEvent(redis, stream, snapshot.value);
    }),
  );
}

const BATCH_ENTRIES = 500;

/**
 * Projects the outbox, oldest first, until it is empty; returns the number of entries. Throws what a Redis throws, once what
 * goes to the others is there.
 */
export async function drainAll(
  db: Kysely<Database>,
  redisOf: RedisOf,
  now: () => Date,
  signal: AbortSignal,
): Promise<number> {
  let drained = 0;
  const failures: unknown[] = [];
  for (const purpose of REDIS_PURPOSES)
    try {
      for (;;) {
        signal.throwIfAborted();
        const entries = await oldestPending(db, entriesFor(purpose), BATCH_ENTRIES);
        if (entries.length === 0) break;
        await project(db, redisOf, entries, now);
        drained += entries.length;
      }
    } catch (error) {
      failures.push(error);
    }
  if (failures.length > 0) throw failures[0];
  return drained;
}
