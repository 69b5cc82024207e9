import type { Kysely } from 'kysely';
import type { OrderId } from '../../domain/id.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { DAY_SECONDS, type Keys } from '../../platform/redis/keys.ts';
import { ownIds, withFields } from '../../platform/redis/own-keys.ts';
import { ORDER_COLUMNS } from '../../trading/ledger/order-store.ts';
import { absent, json, type Kind, type Snapshot, unixSeconds } from './kind.ts';

declare module '../../audit/outbox.ts' {
  interface OutboxKinds {
    /** An order was placed or has changed, by its id. */
    order: string;
  }
}

const TTL_SECONDS = 7 * DAY_SECONDS;

const wrote = withFields(ORDER_COLUMNS);

/** Orders as JSON, and the set of each user's. */
export const order = {
  purpose: 'orders',
  ttlSeconds: TTL_SECONDS,
  retention: 'order_status',
  keys: [
    { name: 'order', row: { table: 'orders', id: 'order_id' }, wrote },
    {
      name: 'user_orders',
      row: { table: 'users', id: 'user_id' },
      members: {
        in: 'set',
        table: 'orders',
        id: 'order_id',
        own: (redis, ids) => ownIds(redis, 'order', ids, wrote),
      },
    },
  ],
  outbox: { order: 'announce' },
  source: {
    phase: 1,
    table: 'orders',
    id: 'order_id',
    changedAt: 'updated_at',
    expires: false,
    snapshots: readOrders,
    stream: { name: 'orders', field: 'order', retention: 'order_events' },
  },
} as const satisfies Kind;

async function readOrders(
  db: Kysely<Database>,
  keys: Keys,
  ids: readonly string[],
  now: Date,
): Promise<Snapshot[]> {
  const rows = await db
    .selectFrom('orders')
    .select(ORDER_COLUMNS)
    .where('order_id', '=', (eb) => eb.fn<OrderId>('any', [eb.val(ids)]))
    .execute();
  const orders = new Map<string, Snapshot>(ids.map((id) => [id, absent(keys.named('order', id))]));
  const sets = new Map<string, Snapshot & { type: 'set' }>();
  for (const row of rows) {
    const expires = unixSeconds(row.updated_at) + TTL_SECONDS;
    if (expires <= unixSeconds(now)) continue;
    orders.set(row.order_id, json(keys.named('order', row.order_id), row, expires));
    const key = keys.named('user_orders', row.user_id);
    const set = sets.get(key) ?? { type: 'set', key, members: [], expires };
    set.members.push(row.order_id);
    set.expires = Math.max(set.expires, expires);
    sets.set(key, set);
  }
  return [...orders.values(), ...sets.values()];
}
