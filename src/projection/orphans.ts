import { type Kysely, sql } from 'kysely';
import type { Database } from '../platform/postgres/tables.ts';
import type { RedisConnection } from '../platform/redis/connect.ts';
import { errorCodeOf } from '../platform/redis/errors.ts';

/** A key of ours, or a member of a set of ours, that stands for nothing in the book. */
export interface OrphanKey {
  key: string;
  /** The member; undefined where the whole key is a stray. */
  member?: string;
}

interface Kind {
  kind: string;
  phase: 1 | 3;
  table: string;
  id: string;
}

const KINDS: readonly Kind[] = [
  { kind: 'order', phase: 1, table: 'orders', id: 'order_id' },
  { kind: 'user_orders', phase: 1, table: 'users', id: 'user_id' },
  { kind: 'notification', phase: 3, table: 'notifications', id: 'notification_id' },
  { kind: 'user_notifications', phase: 3, table: 'users', id: 'user_id' },
];

/** What Redis holds under our names, or those of one kind, that the book knows nothing of, some at a time. */
export async function* findOrphans(
  db: Kysely<Database>,
  redis: RedisConnection,
  phase: number,
  only?: string,
): AsyncIterable<OrphanKey[]> {
  const kinds = KINDS.filter((each) => each.phase <= phase && (only ?? each.kind) === each.kind);
  for (const kind of kinds) {
    const prefix = `${redis.keys.prefix}${kind.kind}:`;
    for await (const keys of redis.scan(`${kind.kind}:*`)) {
      const ids = keys.map((key) => key.slice(prefix.length));
      const known = await knownAmong(db, kind, ids);
      yield keys.filter((_key, i) => !known.has(ids[i] ?? '')).map((key) => ({ key }));
      if (kind.kind === 'user_orders') yield* strayMembers(db, redis, keys);
    }
  }
}

/** Members of the sets of orders that are no orders, or somebody else's. */
async function* strayMembers(
  db: Kysely<Database>,
  redis: RedisConnection,
  keys: readonly string[],
): AsyncIterable<OrphanKey[]> {
  for (const key of keys) {
    const members = await redis.client.smembers(key).catch((error) => {
      if (errorCodeOf(error) !== 'WRONGTYPE') throw error;
      return [];
    });
    const user = key.slice(redis.keys.userOrders('').length);
    const { rows } = await sql<{ order_id: string }>`
      SELECT order_id FROM orders WHERE user_id = ${user} AND order_id = ANY(${members}::text[])`.execute(db);
    const known = new Set(rows.map((row) => row.order_id));
    yield members.filter((member) => !known.has(member)).map((member) => ({ key, member }));
  }
}

async function knownAmong(
  db: Kysely<Database>,
  { table, id }: Kind,
  ids: readonly string[],
): Promise<Set<string>> {
  const { rows } = await sql<{ id: string }>`
    SELECT ${sql.ref(id)} AS id FROM ${sql.table(table)} WHERE ${sql.ref(id)} = ANY(${[...ids]}::text[])`.execute(
    db,
  );
  return new Set(rows.map((row) => row.id));
}
