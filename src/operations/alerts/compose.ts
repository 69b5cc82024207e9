import { type Kysely, sql } from 'kysely';
import { unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import { type AlertNotice, composeMessage, lateMessage } from '../../domain/alerts/message.ts';
import {
  type PastMessages,
  type PlannedMessage,
  planMessages,
  type RouteHistory,
  type RouteTerms,
  type WaitingItem,
} from '../../domain/alerts/plan-messages.ts';
import { RETRY_WINDOW_MS } from '../../domain/alerts/retry.ts';
import { mintId } from '../../domain/id.ts';
import { type Instant, instant, later } from '../../domain/instant.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { readTradingZone } from '../../trading/trading-day.ts';
import { formatDuration } from '../../util/duration.ts';

const MOST_ITEMS = 5_000;
const HOUR_MS = 3_600_000;
/** What was notified so long before it was looked at is told as late. */
const LATE_MS = HOUR_MS;

/** Puts what waits into messages, as far as the terms of its route allow; a route at which another process is has its turn later. */
export async function composeAll(ctx: Context): Promise<void> {
  const source = await ctx.source();
  const { rows } = await sql<{ route_id: string }>`
    SELECT r.route_id FROM alert_routes r JOIN alert_channels c USING (channel)
    WHERE c.enabled AND EXISTS (SELECT FROM alert_items i WHERE i.route_id = r.route_id AND i.delivery_id IS NULL)
    ORDER BY r.route_id`.execute(source.db);
  if (rows.length === 0) return;
  const zone = await readTradingZone(source);
  for (const { route_id } of rows)
    while (await composeRoute(ctx, route_id, zone)) ctx.signal.throwIfAborted();
}

type Waiting = WaitingItem & AlertNotice & { repeat_key: string };

/** One look at a route, which is locked; whether more may be ready than was looked at. */
function composeRoute(ctx: Context, routeId: string, zone: string): Promise<boolean> {
  return ctx.change(async (trx) => {
    const route = await lockRoute(trx, routeId);
    if (!route) return unchanged(false);
    const now = instant(ctx.now());
    // Apart, so that however many there are of the ones, the others have their turn.
    const critical = await readWaiting(trx.db, route, now, true);
    const items = [...critical, ...(await readWaiting(trx.db, route, now, false))];
    const planned = planMessages(route, items, await readHistory(trx.db, route, now), now, zone);
    for (const each of planned) await writeMessage(trx, route, each, items, ctx.now());
    await trx.db
      .updateTable('alert_routes')
      .set({ composed_at: now })
      .where('route_id', '=', routeId)
      .execute();
    return unchanged(planned.length > 0 && items.length >= MOST_ITEMS);
  });
}

type LockedRoute = RouteTerms & { route_id: string; channel: string };

/** A route that nobody else composes messages of until the transaction ends; undefined where somebody does. */
const lockRoute = ({ db }: Trx, routeId: string): Promise<LockedRoute | undefined> =>
  db
    .selectFrom('alert_routes')
    .select(['route_id', 'channel', 'quiet', 'group_wait', 'repeat_after', 'hourly_limit'])
    .where('route_id', '=', routeId)
    .forNoKeyUpdate()
    .skipLocked()
    .executeTakeFirst();

/** What waits, the oldest first; of a text that was put into a message not long enough ago, only CRITICAL. */
async function readWaiting(
  db: Kysely<Database>,
  { route_id, repeat_after }: LockedRoute,
  now: Instant,
  critical: boolean,
): Promise<Waiting[]> {
  const repeated = sql`
    SELECT p.repeat_key FROM alert_deliveries d JOIN alert_items p USING (delivery_id)
    WHERE d.route_id = ${route_id} AND d.created_at > ${later(now, -repeat_after * 1_000)}::timestamp`;
  const { rows } = await sql<Waiting>`
    SELECT i.notification_id, i.repeat_key, i.routed_at, n.user_id, n.notification_type, n.alert_level, n.title, n.message,
      n.created_at, n.alert_level = 'CRITICAL' AS critical
    FROM alert_items i JOIN notifications n USING (notification_id)
    WHERE i.route_id = ${route_id} AND i.delivery_id IS NULL AND
      ${critical ? sql`n.alert_level = 'CRITICAL'` : sql`n.alert_level <> 'CRITICAL' AND i.repeat_key NOT IN (${repeated})`}
    ORDER BY i.routed_at, i.notification_id LIMIT ${MOST_ITEMS}`.execute(db);
  return rows;
}

async function readHistory(
  db: Kysely<Database>,
  { route_id }: LockedRoute,
  now: Instant,
): Promise<RouteHistory> {
  const past = await sql<PastMessages & { critical: boolean }>`
    SELECT critical, count(*) FILTER (WHERE state = 'SENT')::int AS sent, count(*) FILTER (WHERE state = 'PENDING')::int AS open,
      coalesce(bool_or(state = 'PENDING' AND attempts > 0), false) AS trying
    FROM alert_deliveries
    WHERE route_id = ${route_id} AND (state = 'PENDING' OR (state = 'SENT' AND sent_at > ${later(now, -HOUR_MS)}::timestamp))
    GROUP BY critical`.execute(db);
  const of = (critical: boolean) =>
    past.rows.find((row) => row.critical === critical) ?? { sent: 0, open: 0, trying: false };
  return { critical: of(true), others: of(false) };
}

async function writeMessage(
  { db }: Trx,
  { route_id, channel, hourly_limit }: LockedRoute,
  { group_key, critical, ids, last }: PlannedMessage,
  items: readonly Waiting[],
  at: Date,
): Promise<void> {
  const chosen = new Set(ids);
  const notices = items.filter(({ notification_id }) => chosen.has(notification_id));
  const note = last
    ? `This route sends ${hourly_limit} messages in an hour: what is more waits and comes together.`
    : '';
  const delivery_id = mintId('dlv', at);
  const created_at = instant(at);
  const composed = composeMessage(notices, { group_key, note });
  const lateMs = Math.max(...notices.map((each) => Date.parse(each.routed_at) - Date.parse(each.created_at)));
  const message = JSON.stringify(
    lateMs >= LATE_MS
      ? lateMessage(
          composed,
          `The oldest of these waited for ${formatDuration(lateMs)} before alert deliver saw it.`,
        )
      : composed,
  );
  await db
    .insertInto('alert_deliveries')
    .values({
      ...{ delivery_id, route_id, channel, group_key, critical, message, created_at },
      next_at: created_at,
      give_up_at: instant(new Date(at.getTime() + RETRY_WINDOW_MS)),
    })
    .execute();
  await db
    .updateTable('alert_items')
    .set({ delivery_id })
    .where('route_id', '=', route_id)
    .where('notification_id', '=', (eb) => eb.fn('any', [eb.val(ids)]))
    .execute();
}
