import { openRedis } from '../platform/redis/connect.ts';
import type { Keys } from '../platform/redis/keys.ts';
import type { RedisSettings } from '../platform/redis/settings.ts';

/** A stream, where its events hold a thing as JSON, and how the id is named in there. */
export interface EventSource {
  stream: (keys: Keys) => string;
  field: string;
  id: string;
}

/** A stream that is read by a connection of its own. */
export interface Stream {
  /** Goes to the end: what is told later comes next. */
  toEnd: () => Promise<void>;
  /** The ids of the things that the next events tell of, in their order; waits up to so many milliseconds for the first. */
  next: (wait: number) => Promise<string[]>;
  close: () => void;
}

/** The longest that `next` may wait, in milliseconds: a Redis silent for longer than that and its timeout is dead. */
export const MAX_WAIT_MS = 1_000;
const BATCH_EVENTS = 100;

/** Opens a stream for a command; throws what Redis throws, here and while it is read. */
export async function openStream(settings: RedisSettings, name: string, told: EventSource): Promise<Stream> {
  const { client, keys, close } = await openRedis(settings, name, MAX_WAIT_MS);
  const stream = told.stream(keys);
  let last = '0-0';
  return {
    async toEnd() {
      const [newest] = await client.xrevrange(stream, '+', '-', 'COUNT', 1);
      last = newest?.[0] ?? '0-0';
    },
    async next(wait) {
      // To wait 0 is to wait for ever.
      const block = Math.max(1, Math.floor(wait));
      const found = await client.xread('COUNT', BATCH_EVENTS, 'BLOCK', block, 'STREAMS', stream, last);
      const events = found?.[0]?.[1] ?? [];
      last = events.at(-1)?.[0] ?? last;
      return events.flatMap(([, fields]) => idIn(fields[fields.indexOf(told.field) + 1], told.id));
    },
    close,
  };
}

/** Anyone may write into a stream: what is none of ours is passed over. */
function idIn(json: string | undefined, name: string): string[] {
  try {
    const id: unknown = JSON.parse(json ?? '')?.[name];
    return typeof id === 'string' ? [id] : [];
  } catch {
    return [];
  }
}
