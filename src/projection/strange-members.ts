import { type Kysely, sql } from 'kysely';
import { isStorable } from '../platform/postgres/storable.ts';
import type { Database } from '../platform/postgres/tables.ts';
import { unnest } from '../platform/postgres/unnest.ts';
import type { RedisConnection } from '../platform/redis/connect.ts';
import { unlessOtherType } from '../platform/redis/own-keys.ts';
import type { KeyFamily } from './kinds/kind.ts';

/** A set or a list of an owner, and what in it is no row of the owner's. */
export interface HeldMembers {
  key: string;
  count: number;
  strange: { member: string; own: boolean }[];
}

/** Sets and lists whose members are asked for by one statement. */
const BATCH_KEYS = 100;

/** The sets or lists `name:owner` of these owners, whose column in the table of the members is `column`, in batches. */
export async function* strangeMembers(
  db: Kysely<Database>,
  redis: RedisConnection,
  { name, members }: { name: string; members: NonNullable<KeyFamily['members']> },
  owners: { column: string; ids: readonly string[] },
): AsyncIterable<HeldMembers[]> {
  const { client, keys } = redis;
  for (let from = 0; from < owners.ids.length; from += BATCH_KEYS) {
    const some = owners.ids.slice(from, from + BATCH_KEYS);
    const held = await Promise.all(
      some.map(async (owner) => {
        const key = keys.named(name, owner);
        const read = members.in === 'list' ? client.lrange(key, 0, -1) : client.smembers(key);
        return { owner, key, all: await unlessOtherType(read, []) };
      }),
    );
    const pairs = held.flatMap(({ owner, all }) => all.map((member) => ({ owner, member })));
    const known = await existingPairs(db, members, owners.column, pairs);
    const isStrange = (owner: string, member: string) => !known.has(`${owner}\n${member}`);
    const strange = pairs.filter(({ owner, member }) => isStrange(owner, member));
    const ours = await members.own(redis, [...new Set(strange.map(({ member }) => member))]);
    yield held.map(({ owner, key, all }) => ({
      key,
      count: all.length,
      strange: all
        .filter((member) => isStrange(owner, member))
        .map((member) => ({ member, own: ours.has(member) })),
    }));
  }
}

/** Which of these members are rows of these owners, as `owner`, line break, `member`; no id of a row has a line break. */
async function existingPairs(
  db: Kysely<Database>,
  { table, id }: NonNullable<KeyFamily['members']>,
  column: string,
  pairs: readonly { owner: string; member: string }[],
): Promise<Set<string>> {
  const asked = pairs.filter(({ owner, member }) => isStorable(owner) && isStorable(member));
  if (asked.length === 0) return new Set();
  const { rows } = await sql<{ owner: string; member: string }>`
    SELECT asked.owner, asked.member FROM ${unnest('asked', { owner: 'text', member: 'text' }, asked)}
    JOIN ${sql.table(table)} t ON t.${sql.ref(id)} = asked.member AND t.${sql.ref(column)} = asked.owner`.execute(
    db,
  );
  return new Set(rows.map(({ owner, member }) => `${owner}\n${member}`));
}
