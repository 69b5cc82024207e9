const DAY_SECONDS = 86_400;

/** Lifetimes of keys in Redis; docs/schema.md requires them. */
export const TTL_SECONDS = {
  quote: 30 * DAY_SECONDS,
  order: 7 * DAY_SECONDS,
  session: 7 * DAY_SECONDS,
  notification: 30 * DAY_SECONDS,
};

/** How many notifications a trader's list holds, the newest. */
export const RECENT_NOTIFICATIONS = 100;

/** About how many events a stream keeps for those who were away. */
export const STREAM_LENGTH = 10_000;

/** The names of keys as the trading services use them, behind a prefix of one's own. */
export function keysOf(prefix: string) {
  const named = (kind: string) => (id: string) => `${prefix}${kind}:${id}`;
  return {
    prefix,
    quote: named('market_data'),
    order: named('order'),
    userOrders: named('user_orders'),
    notification: named('notification'),
    userNotifications: named('user_notifications'),
    session: (user: string, id: string) => `${prefix}session:${user}:${id}`,
    /** The same, of `user:id`. */
    sessionAt: named('session'),
    /** What the sessions of a user are found by, without the prefix. */
    sessionsOf: (user: string) => `session:${escapeGlob(user)}:*`,
    /** Streams of what happens, for watching. */
    orderEvents: `${prefix}orders`,
    notificationEvents: `${prefix}notifications`,
  };
}

export type Keys = ReturnType<typeof keysOf>;

/** A text as a pattern of SCAN that matches it alone. */
export function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]^]/g, '\\$&');
}
