import { sql } from 'kysely';
import { auditTarget, changed } from '../../audit/outcome.ts';
import type { Context } from '../../context.ts';
import type { RouteTerms } from '../../domain/alerts/plan-messages.ts';
import type { RouteFilter } from '../../domain/alerts/route.ts';
import { mintId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { ALERTS_SINCE_STEP, needStep, type Source } from '../../platform/postgres/schema-phase.ts';
import { rowsOf } from '../../trading/rows-of.ts';
import { findUser } from '../../trading/users/store.ts';
import { pluralize } from '../../util/text.ts';
import { findChannel } from './channel-store.ts';
import { countWaiting } from './count-waiting.ts';

const ROUTE_COLUMNS = [
  'route_id',
  'channel',
  'user_id',
  'min_level',
  'types',
  'quiet',
  'group_wait',
  'repeat_after',
  'hourly_limit',
  'created_at',
] as const;

const routes = rowsOf('alert_routes', ROUTE_COLUMNS, 'alert route', 'See: pinnacle alert route list');

/**
 * Lets a channel have notifications from now on; what the first route finds waiting counts as seen. Throws
 * ALERT_CHANNEL_NOT_FOUND, USER_NOT_FOUND.
 */
export async function addRoute(ctx: Context, route: RouteFilter & RouteTerms & { channel: string }) {
  needStep(await ctx.source(), ALERTS_SINCE_STEP);
  return ctx.change(async (trx) => {
    await findChannel(trx.db, route.channel);
    if (route.user_id !== null) await findUser(trx.db, route.user_id);
    // Two that are added at once would both be the first.
    await sql`LOCK TABLE alert_routes IN SHARE ROW EXCLUSIVE MODE`.execute(trx.db);
    const others = await trx.db.selectFrom('alert_routes').select('route_id').limit(1).execute();
    if (others.length === 0)
      await trx.db
        .updateTable('notifications')
        .set({ routed_at: instant(ctx.now()) })
        .where('routed_at', 'is', null)
        .execute();
    const route_id = mintId('rte', ctx.now());
    await trx.db
      .insertInto('alert_routes')
      .values({ ...route, route_id, types: JSON.stringify(route.types) })
      .execute();
    const added = await routes.find(trx.db, route_id);
    return changed(added, auditTarget('alert route', route_id), {
      route: { ...route, types: [...route.types] },
    });
  });
}

/** Every route, by channel. */
export async function listRoutes(source: Source) {
  needStep(source, ALERTS_SINCE_STEP);
  return source.db
    .selectFrom('alert_routes')
    .select(ROUTE_COLUMNS)
    .orderBy('channel')
    .orderBy('route_id')
    .execute();
}

/** Removes a route with what waits to be sent by it, after a confirmation. Throws ALERT_ROUTE_NOT_FOUND. */
export async function removeRoute(ctx: Context, routeId: string) {
  needStep(await ctx.source(), ALERTS_SINCE_STEP);
  const db = await ctx.db();
  const { channel } = await routes.find(db, routeId);
  const { notifications } = await countWaiting(db, { route: routeId });
  const lost = notifications > 0 ? ` ${pluralize(notifications, 'notification')} would not be sent.` : '';
  await ctx.confirm(`Remove the route ${routeId} to ${channel} and the record of what it sent?${lost}`);
  return ctx.change(async (trx) => {
    const removed = await routes.lock(trx, routeId);
    await trx.db.deleteFrom('alert_routes').where('route_id', '=', routeId).execute();
    return changed(removed, auditTarget('alert route', routeId), { removed });
  });
}
