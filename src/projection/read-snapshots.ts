import { type Kysely, sql } from 'kysely';
import type { OrderId, UserId } from '../domain/id.ts';
import { instant } from '../domain/instant.ts';
import type { Database } from '../platform/postgres/tables.ts';
import { type Keys, RECENT_NOTIFICATIONS, TTL_SECONDS } from '../platform/redis/keys.ts';
import { ORDER_COLUMNS } from '../trading/ledger/order-store.ts';
import { NOTIFICATION_COLUMNS } from '../trading/notifications/store.ts';

/** What Redis is to hold under a key, by the book. `expires` is a Unix time in seconds. */
export type Snapshot =
  /** JSON; null where nothing is to be there. */
  | { type: 'json'; key: string; value: string | null; expires: number }
  /** A list of exactly these. */
  | { type: 'list'; key: string; members: string[]; expires: number }
  /** A set of these at least: members leave it only when it is rebuilt. */
  | { type: 'set'; key: string; members: string[]; expires: number };

/** The things whose images are asked for, by their ids. */
export interface ProjectionKeys {
  orders: readonly string[];
  notifications: readonly string[];
  /** The traders whose list of notifications is asked for, beside those of these notifications. */
  lists?: readonly string[];
}

const seconds = (time: string | Date) => Math.floor(new Date(time).getTime() / 1_000);

/** The images of orders and notifications and of the lists they stand in, as the book is now. */
export async function readSnapshots(
  db: Kysely<Database>,
  keys: Keys,
  { orders, notifications, lists = [] }: ProjectionKeys,
  now: Date,
): Promise<Snapshot[]> {
  const found = await Promise.all([
    orderSnapshots(db, keys, orders, now),
    notificationSnapshots(db, keys, notifications, now),
    listSnapshots(db, keys, lists, now),
  ]);
  return found.flat();
}

async function orderSnapshots(
  db: Kysely<Database>,
  keys: Keys,
  ids: readonly string[],
  now: Date,
): Promise<Snapshot[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom('orders')
    .select(ORDER_COLUMNS)
    .where('order_id', '=', (eb) => eb.fn<OrderId>('any', [eb.val(ids)]))
    .execute();
  const images = new Map<string, Snapshot>(ids.map((id) => [id, absent(keys.order(id))]));
  const sets = new Map<string, Snapshot & { type: 'set' }>();
  for (const row of rows) {
    const expires = seconds(row.updated_at) + TTL_SECONDS.order;
    if (expires <= seconds(now)) continue;
    images.set(row.order_id, json(keys.order(row.order_id), row, expires));
    const key = keys.userOrders(row.user_id);
    const set = sets.get(key) ?? { type: 'set', key, members: [], expires };
    set.members.push(row.order_id);
    set.expires = Math.max(set.expires, expires);
    sets.set(key, set);
  }
  return [...images.values(), ...sets.values()];
}

async function notificationSnapshots(
  db: Kysely<Database>,
  keys: Keys,
  ids: readonly string[],
  now: Date,
): Promise<Snapshot[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom('notifications')
    .select(NOTIFICATION_COLUMNS)
    .where('notification_id', '=', (eb) => eb.fn.any(eb.val(ids)))
    .execute();
  const images = new Map<string, Snapshot>(ids.map((id) => [id, absent(keys.notification(id))]));
  for (const row of rows) {
    const expires = seconds(row.created_at) + TTL_SECONDS.notification;
    if (expires > seconds(now))
      images.set(row.notification_id, json(keys.notification(row.notification_id), row, expires));
  }
  const users = [...new Set(rows.flatMap(({ user_id }) => user_id ?? []))];
  return [...images.values(), ...(await listSnapshots(db, keys, users, now))];
}

/** The newest notifications of traders, newest first. */
async function listSnapshots(
  db: Kysely<Database>,
  keys: Keys,
  users: readonly string[],
  now: Date,
): Promise<Snapshot[]> {
  if (users.length === 0) return [];
  const kept = instant(new Date(now.getTime() - TTL_SECONDS.notification * 1_000));
  const { rows } = await sql<{ user_id: UserId; ids: string[]; newest: string | null }>`
    SELECT u.user_id, array_agg(n.notification_id ORDER BY n.created_at DESC, n.notification_id DESC) AS ids,
      max(n.created_at) AS newest
    FROM unnest(${[...users]}::text[]) AS u(user_id)
    CROSS JOIN LATERAL (
      SELECT notification_id, created_at FROM notifications
      WHERE user_id = u.user_id AND created_at > ${kept}::timestamp
      ORDER BY created_at DESC, notification_id DESC LIMIT ${RECENT_NOTIFICATIONS}
    ) n
    GROUP BY u.user_id`.execute(db);
  const lists = new Map<string, (typeof rows)[number]>(rows.map((row) => [row.user_id, row]));
  return users.map((user) => {
    const { ids = [], newest = null } = lists.get(user) ?? {};
    const expires = newest === null ? 0 : seconds(newest) + TTL_SECONDS.notification;
    return { type: 'list', key: keys.userNotifications(user), members: ids, expires };
  });
}

const absent = (key: string): Snapshot => ({ type: 'json', key, value: null, expires: 0 });

const json = (key: string, row: unknown, expires: number): Snapshot => ({
  type: 'json',
  key,
  value: JSON.stringify(row),
  expires,
});
