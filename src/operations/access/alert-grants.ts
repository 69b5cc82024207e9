/** Rights on the tables of alerts. */

/** The columns of a channel without its secrets: an envelope is for who delivers. */
export const CHANNEL_COLUMNS = [
  ...['channel', 'kind', 'settings', 'enabled', 'old_secret_until', 'created_by', 'created_at'],
] as const;

/** Channels: who added one and when is what the database says, and a trigger asks for the audit entry. */
export const CHANNEL = {
  SELECT: true,
  INSERT: ['channel', 'kind', 'settings', 'secret'],
  UPDATE: ['secret', 'old_secret', 'old_secret_until', 'enabled'],
  DELETE: true,
} as const;

/** Routes, in the same way. Who delivers writes down when. */
export const ROUTE = {
  SELECT: true,
  INSERT: [
    ...['route_id', 'channel', 'user_id', 'min_level', 'types', 'quiet', 'group_wait', 'repeat_after'],
    'hourly_limit',
  ],
  UPDATE: ['composed_at'],
  DELETE: true,
} as const;

/** What is sent: a message is never changed, only what became of it. */
export const SENDING = {
  alert_deliveries: {
    SELECT: true,
    INSERT: [
      ...['delivery_id', 'route_id', 'channel', 'group_key', 'critical', 'message', 'created_at', 'next_at'],
      'give_up_at',
    ],
    UPDATE: [
      ...['state', 'attempts', 'next_at', 'give_up_at', 'last_error', 'sent_at', 'provider_id'],
      'channel_state',
    ],
    DELETE: true,
  },
  alert_items: {
    SELECT: true,
    INSERT: ['notification_id', 'route_id', 'repeat_key', 'routed_at'],
    UPDATE: ['delivery_id'],
  },
} as const;
