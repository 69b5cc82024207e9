import type { Generated } from 'kysely';
import type { ChannelKind } from '../../domain/alerts/channel.ts';
import type { ChannelState, DeliveryState } from '../../domain/alerts/message.ts';
import type { UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { GeneratedJson, GeneratedTimestamp, JsonColumn, Timestamp } from './column-types.ts';

/** From step 14 of phase 4. The secrets are envelopes, '' for none. */
interface AlertChannelsTable {
  channel: string;
  kind: ChannelKind;
  settings: JsonColumn;
  secret: Generated<string>;
  old_secret: Generated<string>;
  old_secret_until: Instant | null;
  enabled: Generated<boolean>;
  created_by: Generated<string>;
  created_at: GeneratedTimestamp;
}

/** From step 14 of phase 4. Times in seconds. */
interface AlertRoutesTable {
  route_id: string;
  channel: string;
  user_id: UserId | null;
  min_level: string;
  types: GeneratedJson;
  quiet: string | null;
  group_wait: number;
  repeat_after: number;
  hourly_limit: number;
  composed_at: Instant | null;
  created_by: Generated<string>;
  created_at: GeneratedTimestamp;
}

/** From step 14 of phase 4. */
interface AlertDeliveriesTable {
  delivery_id: string;
  route_id: string;
  channel: string;
  group_key: string;
  critical: boolean;
  message: JsonColumn;
  state: Generated<DeliveryState>;
  attempts: Generated<number>;
  created_at: Timestamp;
  next_at: Timestamp;
  give_up_at: Timestamp;
  last_error: Generated<string>;
  sent_at: Instant | null;
  provider_id: Generated<string>;
  /** From step 15. */
  channel_state: ChannelState | null;
}

/** From step 14 of phase 4. */
interface AlertItemsTable {
  notification_id: string;
  route_id: string;
  repeat_key: string;
  routed_at: Timestamp;
  delivery_id: string | null;
}

/** The tables of alerts. */
export interface AlertTables {
  alert_channels: AlertChannelsTable;
  alert_routes: AlertRoutesTable;
  alert_deliveries: AlertDeliveriesTable;
  alert_items: AlertItemsTable;
}
