import { sql } from 'kysely';
import { type ChannelKind, channelTerms } from '../../domain/alerts/channel.ts';
import type { Instant } from '../../domain/instant.ts';
import { CHANNEL_STATE_SINCE_STEP, needStep, type Source } from '../../platform/postgres/schema-phase.ts';
import { destinationOf } from './add-channel.ts';
import { isFailing } from './channel-state.ts';

interface Listed {
  channel: string;
  kind: ChannelKind;
  settings: unknown;
  enabled: boolean;
  routes: number;
  waiting: number;
  pending: number;
  dead: number;
  failing: boolean;
  sent_at: Instant | null;
  last_error: string;
  created_at: Instant;
}

/** Every channel with what became of its messages: notifications that wait for one, and how many are pending and dead. */
export async function listChannels(source: Source) {
  needStep(source, CHANNEL_STATE_SINCE_STEP);
  const { rows } = await sql<Listed>`
    SELECT c.channel, c.kind, c.settings, c.enabled, c.created_at,
      (SELECT count(*)::int FROM alert_routes r WHERE r.channel = c.channel) AS routes,
      (SELECT count(*)::int FROM alert_routes r JOIN alert_items i USING (route_id)
       WHERE r.channel = c.channel AND i.delivery_id IS NULL) AS waiting,
      d.pending, d.dead, coalesce(d.failing, false) AS failing, d.sent_at, coalesce(d.last_error, '') AS last_error
    FROM alert_channels c CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE state = 'PENDING')::int AS pending, count(*) FILTER (WHERE state = 'DEAD')::int AS dead,
        bool_or(${isFailing('d')}) AS failing,
        max(sent_at) AS sent_at,
        (array_agg(last_error ORDER BY next_at DESC) FILTER (WHERE last_error <> ''))[1] AS last_error
      FROM alert_deliveries d WHERE d.channel = c.channel) d
    ORDER BY c.channel`.execute(source.db);
  return rows.map(({ settings, ...row }) => ({
    ...row,
    destination: destinationOf(channelTerms(row.kind, settings)),
  }));
}
