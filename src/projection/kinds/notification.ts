import type { Kysely } from 'kysely';
import { instant } from '../../domain/instant.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { DAY_SECONDS, type Keys } from '../../platform/redis/keys.ts';
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
/** How many of the newest the list of a user holds. */
const MAX_LISTED_IDS = 100;

/** Notifications as JSON, and the list of each user's newest. */
export const notification = {
  ttlSeconds: TTL_SECONDS,
  retention: 'live_notifications',
  keys: [
    {
      name: 'notification',
      row: { table: 'notifications', id: 'notification_id' },
      fields: NOTIFICATION_COLUMNS,
    },
    { name: 'user_notifications', row: { table: 'users', id: 'user_id' }, snapshots: readLists },
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
    };
  });
}
