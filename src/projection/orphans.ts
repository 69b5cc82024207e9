import { type Kysely, sql } from 'kysely';
import type { Database } from '../platform/postgres/tables.ts';
import type { RedisConnection } from '../platform/redis/connect.ts';
import { errorCodeOf } from '../platform/redis/errors.ts';
import type { KeyFamily, Snapshot } from './kinds/kind.ts';

/** A key, or a member of a set, whose row does not exist. */
export interface OrphanKey {
  key: string;
  /** The member; undefined where the whole key is an orphan. */
  member?: string;
}

/** The orphans among the keys of these families, in batches. A family without rows has none. */
export async function* findOrphans(
  db: Kysely<Database>,
  redis: RedisConnection,
  families: readonly KeyFamily[],
  now: () => Date,
): AsyncIterable<OrphanKey[]> {
  for (const { name, row, members, snapshots } of families) {
    if (!row) {
      if (snapshots) yield* findAbsent(redis, name, (ids) => snapshots(db, redis.keys, ids, now()));
      continue;
    }
    const prefix = redis.keys.named(name, '');
    for await (const keys of redis.scan(`${name}:*`)) {
      const ids = keys.map((key) => key.slice(prefix.length));
      const known = await existingIds(db, row.table, row.id, ids);
      yield keys.filter((_key, i) => !known.has(ids[i] ?? '')).map((key) => ({ key }));
      if (!members) continue;
      for (const [i, key] of keys.entries()) {
        const held = await membersOf(redis, key);
        const own = await existingIds(db, members.table, members.id, held, {
          column: row.id,
          id: ids[i] ?? '',
        });
        yield held.filter((member) => !own.has(member)).map((member) => ({ key, member }));
      }
    }
  }
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
    yield due.filter((each) => each.type === 'json' && each.value === null).map(({ key }) => ({ key }));
  }
}

async function membersOf({ client }: RedisConnection, key: string): Promise<string[]> {
  return client.smembers(key).catch((error) => {
    if (errorCodeOf(error) !== 'WRONGTYPE') throw error;
    return [];
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
