import type { Realtime } from '../redis/connect.ts';
import { wordOf } from '../redis/failure.ts';
import { type Keys, LIFETIME } from '../redis/keys.ts';

/** A stream that tells of what happens: its events hold what they tell of, and are kept as long as that. */
interface Stream {
  kind: string;
  keep: string;
  key: (keys: Keys) => string;
  lifetime: number;
}

export const STREAMS: readonly Stream[] = [
  { kind: 'order_events', keep: '7d', key: (keys) => keys.orderEvents, lifetime: LIFETIME.order },
  {
    kind: 'notification_events',
    keep: '30d',
    key: (keys) => keys.notificationEvents,
    lifetime: LIFETIME.notification,
  },
];

const AT_ONCE = 1_000;

/** How many events a stream has, and how many of them are too old; with `repair` those are deleted. */
export async function checkEvents(
  { client, keys }: Realtime,
  stream: Stream,
  { repair, now }: { repair: boolean; now: Date },
): Promise<{ events: number; due: number }> {
  const [key, before] = [stream.key(keys), now.getTime() - stream.lifetime * 1_000];
  try {
    const events = await client.xlen(key);
    const due = repair ? await client.xtrim(key, 'MINID', before) : await countBefore(client, key, before);
    return { events, due };
  } catch (error) {
    // Somebody's mistake under the name, which gives way to the next event.
    if (wordOf(error) === 'WRONGTYPE') return { events: 0, due: 0 };
    throw error;
  }
}

/** An event's id begins with its time, in milliseconds. */
async function countBefore(client: Realtime['client'], key: string, before: number): Promise<number> {
  let [total, from] = [0, '-'];
  for (;;) {
    const events = await client.xrange(key, from, `(${before}`, 'COUNT', AT_ONCE);
    total += events.length;
    const last = events.at(-1)?.[0];
    if (last === undefined) return total;
    from = `(${last}`;
  }
}
