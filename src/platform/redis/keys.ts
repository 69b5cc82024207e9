export const DAY_SECONDS = 86_400;

/** TTLs of the keys that no table is projected to; docs/schema.md requires them. */
export const TTL_SECONDS = { quote: 30 * DAY_SECONDS, session: 7 * DAY_SECONDS };

/** About how many events a stream keeps. */
export const STREAM_ENTRIES = 10_000;

/** The names of keys as the trading services use them, with a prefix before all of them; and of the channels beside streams. */
export function keysOf(prefix: string, channels: Readonly<Record<string, string | undefined>> = {}) {
  const named = (family: string, id: string) => `${prefix}${family}:${id}`;
  return {
    prefix,
    /** `family:id`. */
    named,
    stream: (name: string) => prefix + name,
    /** The channel on which the events of a stream are published as well, if any. */
    channel: (stream: string) => channels[stream],
    quote: (symbol: string) => named('market_data', symbol),
    session: (user: string, id: string) => named('session', `${user}:${id}`),
    /** The pattern that finds the sessions of a user, without the prefix. */
    sessionsOf: (user: string) => `session:${escapeGlob(user)}:*`,
  };
}

export type Keys = ReturnType<typeof keysOf>;

/** A text as a pattern of SCAN that matches it alone. */
export function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]^]/g, '\\$&');
}
