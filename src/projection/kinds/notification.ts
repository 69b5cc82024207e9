import type { Kysely } from 'kysely';
import { isMinted } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { MAX_LISTED_IDS } from '../../domain/merge-list.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import type { RedisConnection } from '../../platform/redis/connect.ts';
import { DAY_SECONDS, type Keys } from '../../platform/redis/keys.ts';
import { ownIds, withFields } from '../../platform/redis/own-keys.ts';
import { NOTIFICATION_COLUMNS } from '../../trading/notifications/store.ts';
import { absent, json, type Kind, type Snapshot, unixSeconds } from './kind.ts';

declare module '../../audit/outbox.ts' {
  interface OutboxKinds {
    /** A notification was created, by its id. */
    notification: string;
    /** A notification was only marked as read, by its id: watch does not print it. */
    read: string;
  }
}

const TTL_SECONDS = 30 * DAY_SECONDS;
const wrote = withFields(NOTIFICATION_COLUMNS);

/** Notifications as JSON, and the list of each user's newest. */
export const notification = {
  purpose: 'notifications',
  ttlSeconds: TTL_SECONDS,
  retention: 'live_notifications',
  keys: [
    { name: 'notification', row: { table: 'notifications', id: 'notification_id' }, wrote },
    {
      name: 'user_notifications',
      row: { table: 'users', id: 'user_id' },
      members: { in: 'list', table: 'notifications', id: 'notification_id', own: ownAmong },
      snapshots: readLists,
    },
  ],
  outbox: { notification: 'announce', read: 'write' },
  source: {
    phase: 3,
    table: 'notifications',
    id: 'notification_id',
    changedAt: 'created_at',
    expires: true,
    snapshots: readNotifications,
    stream: { name: 'notifications', field: 'notification', retention: 'notification_events' },
  },
} as const satisfies Kind;

async function readNotifications(
  db: Kysely<Database>,
  keys: Keys,
  ids: readonly string[],
  now: Date,
): Promise<Snapshot[]> {
  const rows = await db
    .selectFrom('notifications')
    .select(NOTIFICATION_COLUMNS)
    .where('notification_id', '=', (eb) => eb.fn.any(eb.val(ids)))
    .execute();
  const found = new Map<string, Snapshot>(ids.map((id) => [id, absent(keys.named('notification', id))]));
  for (const row of rows) {
    const expires = unixSeconds(row.created_at) + TTL_SECONDS;
    if (expires > unixSeconds(now))
      found.set(row.notification_id, json(keys.named('notification', row.notification_id), row, expires));
  }
  const users = [...new Set(rows.flatMap(({ user_id }) => user_id ?? []))];
  return [...found.values(), ...(await readLists(db, keys, users, now))];
}

/** The newest notifications of users, newest first. */
async function readLists(
  db: Kysely<Database>,
  keys: Keys,
  users: readonly string[],
  now: Date,
): Promise<Snapshot[]> {
  if (users.length === 0) return [];
  const { newestNotifications } = await import('../../trading/notifications/newest-notifications.ts');
  const since = instant(new Date(now.getTime() - TTL_SECONDS * 1_000));
  const rows = await newestNotifications(db, users, since, MAX_LISTED_IDS);
  const lists = new Map<string, (typeof rows)[number]>(rows.map((row) => [row.user_id, row]));
  return users.map((user) => {
    const list = lists.get(user);
    return {
      type: 'list',
      key: keys.named('user_notifications', user),
      members: list?.ids ?? [],
      expires: list ? unixSeconds(list.newest) + TTL_SECONDS : 0,
      own: ownAmong,
    };
  });
}

/** The ids that this program minted, and those of rows of others whose key it wrote. */
async function ownAmong(redis: RedisConnection, ids: readonly string[]): Promise<Set<string>> {
  const others = ids.filter((id) => !isMinted('ntf', id));
  const written = await ownIds(redis, 'notification', others, wrote);
  return new Set(ids.filter((id) => isMinted('ntf', id) || written.has(id)));
}
