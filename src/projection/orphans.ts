import { type Kysely, sql } from 'kysely';
import type { Context } from '../context.ts';
import type { Database } from '../platform/postgres/tables.ts';
import type { RedisConnection } from '../platform/redis/connect.ts';
import { errorCodeOf } from '../platform/redis/errors.ts';
import type { KeyFamily, Snapshot } from './kinds/kind.ts';
import { projectedKinds } from './kinds/list.ts';

/** A key, or a member of a set, whose row does not exist. */
export interface OrphanKey {
  key: string;
  /** The member; undefined where the whole key is an orphan. */
  member?: string;
  /** Whether this program wrote it; otherwise a service did, which may have more in Redis than there is in the book. */
  own: boolean;
}

/** The orphans of every kind that the schema has. */
export async function findAllOrphans(ctx: Context): Promise<OrphanKey[]> {
  const db = await ctx.db();
  const kinds = projectedKinds(await ctx.phase());
  const redis = await ctx.redis();
  const orphans: OrphanKey[] = [];
  for (const { keys } of kinds)
    for await (const found of findOrphans(db, redis, keys, ctx.now)) {
      ctx.signal.throwIfAborted();
      orphans.push(...found);
    }
  return orphans;
}

/** Deletes keys, and takes members out of their sets. */
export async function deleteKeys({ client }: RedisConnection, keys: readonly OrphanKey[]): Promise<void> {
  await Promise.all(
    keys.map(({ key, member }) => (member === undefined ? client.del(key) : client.srem(key, member))),
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
    const { name, row, snapshots } = family;
    if (row) yield* findRowless(db, redis, { ...family, row });
    else if (snapshots) yield* findAbsent(redis, name, (ids) => snapshots(db, redis.keys, ids, now()));
  }
}

/** The keys, and members of their sets, whose row does not exist. */
async function* findRowless(
  db: Kysely<Database>,
  redis: RedisConnection,
  { name, row, members, fields }: KeyFamily & Required<Pick<KeyFamily, 'row'>>,
): AsyncIterable<OrphanKey[]> {
  const prefix = redis.keys.named(name, '');
  for await (const keys of redis.scan(`${name}:*`)) {
    const ids = keys.map((key) => key.slice(prefix.length));
    const known = await existingIds(db, row.table, row.id, ids);
    const orphans = keys.filter((_key, i) => !known.has(ids[i] ?? ''));
    const own = await ownKeys(redis, orphans, fields);
    yield orphans.map((key) => ({ key, own: own.has(key) }));
    if (!members) continue;
    for (const id of known)
      yield strangeMembers(db, redis, `${prefix}${id}`, members, { column: row.id, id });
  }
}

/** The members of a set that are no rows of its owner. */
async function strangeMembers(
  db: Kysely<Database>,
  redis: RedisConnection,
  key: string,
  { table, id, family, fields }: NonNullable<KeyFamily['members']>,
  owner: { column: string; id: string },
): Promise<OrphanKey[]> {
  const held = await unlessOtherType(redis.client.smembers(key), []);
  const listed = await existingIds(db, table, id, held, owner);
  const strange = held.filter((member) => !listed.has(member));
  const keyOf = (member: string) => redis.keys.named(family, member);
  const own = await ownKeys(redis, strange.map(keyOf), fields);
  return strange.map((member) => ({ key, member, own: own.has(keyOf(member)) }));
}

/** The keys of a name that should not exist by their snapshots. */
async function* findAbsent(
  { keys: names, scan }: RedisConnection,
  name: string,
  read: (ids: readonly string[]) => Promise<Snapshot[]>,
): AsyncIterable<OrphanKey[]> {
  const prefix = names.named(name, '');
  for await (const keys of scan(`${name}:*`)) {
    const due = await read(keys.map((key) => key.slice(prefix.length)));
    yield due
      .filter((each) => each.type === 'json' && each.value === null)
      .map(({ key }) => ({ key, own: true }));
  }
}

/** Which of these keys hold JSON with these fields in their order, as this program writes it. */
async function ownKeys(
  { client }: RedisConnection,
  keys: readonly string[],
  fields: readonly string[] | undefined,
): Promise<Set<string>> {
  if (!fields) return new Set();
  const values = await Promise.all(keys.map((key) => unlessOtherType(client.get(key), null)));
  return new Set(keys.filter((_key, i) => hasFields(values[i] ?? '', fields)));
}

function hasFields(text: string, fields: readonly string[]): boolean {
  try {
    return String(Object.keys(JSON.parse(text))) === String(fields);
  } catch {
    return false;
  }
}

/** A value of Redis, or another one if the key holds what has another type. */
async function unlessOtherType<T, U>(value: Promise<T>, otherwise: U): Promise<T | U> {
  return value.catch((error) => {
    if (errorCodeOf(error) !== 'WRONGTYPE') throw error;
    return otherwise;
  });
}

/** Which of these ids a table has, of all its rows or of one owner's. */
async function existingIds(
  db: Kysely<Database>,
  table: string,
  id: string,
  ids: readonly string[],
  owner?: { column: string; id: string },
): Promise<Set<string>> {
  const ofOwner = owner ? sql`AND ${sql.ref(owner.column)} = ${owner.id}` : sql``;
  const { rows } = await sql<{ id: string }>`
    SELECT ${sql.ref(id)} AS id FROM ${sql.table(table)}
    WHERE ${sql.ref(id)} = ANY(${[...ids]}::text[]) ${ofOwner}`.execute(db);
  return new Set(rows.map((row) => row.id));
}
