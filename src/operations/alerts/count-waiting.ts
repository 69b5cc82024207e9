import { type Kysely, sql } from 'kysely';
import type { Database } from '../../platform/postgres/tables.ts';

/** How many notifications of a channel or a route were not sent: they wait for a message, or their message waits or is dead. */
export async function countWaiting(
  db: Kysely<Database>,
  of: { channel: string } | { route: string },
): Promise<{ notifications: number }> {
  const which = 'channel' in of ? sql`r.channel = ${of.channel}` : sql`r.route_id = ${of.route}`;
  const { rows } = await sql<{ notifications: number }>`
    SELECT count(*)::int AS notifications FROM alert_routes r JOIN alert_items i USING (route_id)
    LEFT JOIN alert_deliveries d USING (delivery_id)
    WHERE ${which} AND (d.delivery_id IS NULL OR d.state <> 'SENT')`.execute(db);
  return rows[0] ?? { notifications: 0 };
}
