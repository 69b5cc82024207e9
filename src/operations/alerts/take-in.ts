import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import * as z from 'zod/mini';
import { unchanged } from '../../audit/outcome.ts';
import type { Trx } from '../../audit/transaction.ts';
import type { Context } from '../../context.ts';
import { type RouteFilter, takes } from '../../domain/alerts/route.ts';
import { ALERT_LEVELS } from '../../domain/enums.ts';
import { instant } from '../../domain/instant.ts';
import type { Database } from '../../platform/postgres/tables.ts';
import { unnest } from '../../platform/postgres/unnest.ts';

const BATCH_ROWS = 500;

/**
 * Queues every notification that was not looked at yet for each route that takes it, whoever wrote it. A notification and its places
 * in the queue change in one transaction, so that none is queued twice and none is lost; rows that others have locked are
 * left to the next run.
 */
export async function takeIn(ctx: Context): Promise<void> {
  while ((await takeBatch(ctx)) === BATCH_ROWS) ctx.signal.throwIfAborted();
}

function takeBatch(ctx: Context): Promise<number> {
  return ctx.change(async (trx) => {
    const notices = await trx.db
      .selectFrom('notifications')
      .select(['notification_id', 'user_id', 'notification_type', 'alert_level', 'title', 'message', 'data'])
      .where('routed_at', 'is', null)
      .orderBy('created_at')
      .limit(BATCH_ROWS)
      .forNoKeyUpdate()
      .skipLocked()
      .execute();
    if (notices.length === 0) return unchanged(0);
    // After them: a route that was added before one of these was written is among those that are read.
    const routes = await lockFilters(trx);
    if (routes.length === 0) return unchanged(0);
    const routed_at = instant(ctx.now());
    const items = notices.flatMap((notice) => {
      const { notification_id } = notice;
      const about = aboutOf(notice.data);
      // Told once per outage: of another outage it is news, in however few hours it has the same text.
      const repeat_key = repeatKeyOf(notice, about && notification_id);
      return routes
        .filter((route) => takes(route, { ...notice, about }))
        .map(({ route_id }) => ({ notification_id, route_id, repeat_key, routed_at }));
    });
    if (items.length > 0) await insertItems(trx.db, items);
    const ids = notices.map(({ notification_id }) => notification_id);
    await trx.db
      .updateTable('notifications')
      .set({ routed_at })
      .where('notification_id', '=', (eb) => eb.fn('any', [eb.val(ids)]))
      .execute();
    return unchanged(notices.length);
  });
}

const aboutChannel = z.object({ alert_channel: z.string(), level: z.enum(ALERT_LEVELS) });

/** Of which channel a notification tells, and how urgently. */
function aboutOf(data: unknown): z.infer<typeof aboutChannel> | undefined {
  const told = aboutChannel.safeParse(data);
  return told.success ? told.data : undefined;
}

type Filter = RouteFilter & { route_id: string };

/** All routes, none of which is removed before the transaction ends. */
async function lockFilters({ db }: Trx): Promise<Filter[]> {
  const { rows } = await sql<Filter>`
    SELECT route_id, channel, user_id, min_level, types FROM alert_routes ORDER BY route_id FOR KEY SHARE`.execute(
    db,
  );
  return rows;
}

const COLUMNS = {
  notification_id: 'text',
  route_id: 'text',
  repeat_key: 'text',
  routed_at: 'timestamp',
} as const;

async function insertItems(
  db: Kysely<Database>,
  items: readonly Record<keyof typeof COLUMNS, string>[],
): Promise<void> {
  await sql`
    INSERT INTO alert_items (notification_id, route_id, repeat_key, routed_at)
    SELECT * FROM ${unnest('n', COLUMNS, items)} ON CONFLICT DO NOTHING`.execute(db);
}

/** The same for the same text, if no `id` tells it from others. */
function repeatKeyOf(
  notice: {
    user_id: string | null;
    notification_type: string;
    alert_level: string;
    title: string;
    message: string;
  },
  id: string | undefined,
): string {
  const { user_id, notification_type, alert_level, title, message } = notice;
  const text = JSON.stringify([notification_type, alert_level, user_id, title, message, id ?? []].flat());
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
