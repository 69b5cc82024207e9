import { type Kysely, sql } from 'kysely';
import type { Context } from '../context.ts';
import type { RedisPurpose } from '../platform/config/redis-settings.ts';
import { isStorable } from '../platform/postgres/storable.ts';
import type { Database } from '../platform/postgres/tables.ts';
import type { RedisConnection } from '../platform/redis/connect.ts';
import { ownIds } from '../platform/redis/own-keys.ts';
import type { KeyFamily, Snapshot } from './kinds/kind.ts';
import { projectedKinds } from './kinds/list.ts';
import { strangeMembers } from './strange-members.ts';

/** A key, or a member of a set or a list, whose row does not exist. */
export interface OrphanKey {
  key: string;
  /** The member; undefined where the whole key is an orphan. */
  member?: string;
  /** Whether the member is in a list. */
  isListed?: boolean;
  /** Whether this program wrote it; otherwise a service did, which may have more in Redis than there is in the book. */
  own: boolean;
}

/** An orphan, and the Redis that it is in. */
export type PlacedOrphan = OrphanKey & { purpose: RedisPurpose };

/** The orphans of every kind that the schema has. */
export async function findAllOrphans(ctx: Context): Promise<PlacedOrphan[]> {
  const db = await ctx.db();
  const kinds = projectedKinds(await ctx.phase());
  const orphans: PlacedOrphan[] = [];
  for (const { keys, purpose } of kinds)
    for await (const found of findOrphans(db, await ctx.redis(purpose), keys, ctx.now)) {
      ctx.signal.throwIfAborted();
      orphans.push(...found.map((each) => ({ ...each, purpose })));
    }
  return orphans;
}

/** Deletes orphans, each from its Redis. */
export async function deleteOrphans(ctx: Context, orphans: readonly PlacedOrphan[]): Promise<void> {
  for (const purpose of new Set(orphans.map((each) => each.purpose)))
    await deleteKeys(
      await ctx.redis(purpose),
      orphans.filter((each) => each.purpose === purpose),
    );
}

/** Deletes keys, and takes members out of their sets and lists. */
export async function deleteKeys({ client }: RedisConnection, keys: readonly OrphanKey[]): Promise<void> {
  await Promise.all(
    keys.map(({ key, member, isListed }) => {
      if (member === undefined) return client.del(key);
      return isListed ? client.lrem(key, 0, member) : client.srem(key, member);
    }),
  );
}

/** The orphans among the keys of these families, in batches. A family without rows has none. */
export async function* findOrphans(
  db: Kysely<Database>,
  redis: RedisConnection,
  families: readonly KeyFamily[],
  now: () => Date,
): AsyncIterable<OrphanKey[]> {
  for (const family of families) {
    const { row, snapshots } = family;
    if (row) yield* findRowless(db, redis, { ...family, row });
    else if (snapshots) yield* findAbsent(redis, family, (ids) => snapshots(db, redis.keys, ids, now()));
  }
}

/** The keys, and members of their sets, whose row does not exist. */
async function* findRowless(
  db: Kysely<Database>,
  redis: RedisConnection,
  { name, row, members, wrote }: KeyFamily & Required<Pick<KeyFamily, 'row'>>,
): AsyncIterable<OrphanKey[]> {
  const prefix = redis.keys.named(name, '');
  for await (const keys of redis.scan(`${name}:*`)) {
    const ids = keys.map((key) => key.slice(prefix.length));
    const known = await existingIds(db, row.table, row.id, ids);
    const orphans = ids.filter((id) => !known.has(id));
    const own = wrote ? await ownIds(redis, name, orphans, wrote) : new Set();
    yield orphans.map((id) => ({ key: `${prefix}${id}`, own: own.has(id) }));
    if (!members) continue;
    const owners = { column: row.id, ids: [...known] };
    for await (const held of strangeMembers(db, redis, { name, members }, owners))
      yield held.flatMap(({ key, strange }) =>
        strange
          // What is wrong with ours in a list, the list itself says.
          .filter(({ own }) => !own || members.in === 'set')
          .map((each) => ({ key, isListed: members.in === 'list', ...each })),
      );
  }
}

/**
 * Which of these keys of a family this program wrote, and nobody else: its own JSON, and sets and lists of its members alone.
 */
export async function findOwn(
  db: Kysely<Database>,
  redis: RedisConnection,
  { name, row, wrote, members }: KeyFamily,
  keys: readonly string[],
): Promise<string[]> {
  const prefix = redis.keys.named(name, '');
  const idOf = (key: string) => key.slice(prefix.length);
  if (wrote) {
    const own = await ownIds(redis, name, keys.map(idOf), wrote);
    return keys.filter((key) => own.has(idOf(key)));
  }
  const own: string[] = [];
  if (!row || !members) return own;
  const owners = { column: row.id, ids: keys.map(idOf) };
  for await (const held of strangeMembers(db, redis, { name, members }, owners))
    for (const { key, count, strange } of held)
      if (count > 0 && strange.every((each) => each.own)) own.push(key);
  return own;
}

/** The keys of a family that should not exist by their snapshots. */
async function* findAbsent(
  redis: RedisConnection,
  { name, wrote }: KeyFamily,
  read: (ids: readonly string[]) => Promise<Snapshot[]>,
): AsyncIterable<OrphanKey[]> {
  const prefix = redis.keys.named(name, '');
  const idOf = (key: string) => key.slice(prefix.length);
  for await (const keys of redis.scan(`${name}:*`)) {
    const due = await read(keys.map(idOf).filter(isStorable));
    const kept = new Set(
      due.flatMap((each) => (each.type === 'json' && each.value !== null ? each.key : [])),
    );
    const absent = keys.filter((key) => !kept.has(key));
    const own = wrote ? await ownIds(redis, name, absent.map(idOf), wrote) : new Set();
    yield absent.map((key) => ({ key, own: own.has(idOf(key)) }));
  }
}

/** Which of these ids a table has. */
async function existingIds(
  db: Kysely<Database>,
  table: string,
  id: string,
  ids: readonly string[],
): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    SELECT ${sql.ref(id)} AS id FROM ${sql.table(table)}
    WHERE ${sql.ref(id)} = ANY(${ids.filter(isStorable)}::text[])`.execute(db);
  return new Set(rows.map((row) => row.id));
}
