import type { RedisSettings } from '../platform/config/load.ts';
import { openRedis } from '../platform/redis/connect.ts';
import type { StreamedTable } from './kinds/kind.ts';

/** A stream of events, read by a connection of its own. */
export interface Stream {
  /** Moves to the end: later events come next. */
  seekToEnd: () => Promise<void>;
  /** The ids of the rows in the next events, in order; waits at most `waitMs` for the first event. */
  next: (waitMs: number) => Promise<string[]>;
  close: () => void;
}

/** The longest `waitMs`: a Redis that is silent for this and redis.timeout is dead. */
export const MAX_WAIT_MS = 1_000;
const BATCH_EVENTS = 100;

/** Opens the stream of a table for a command; throws what Redis throws, here and while reading. */
export async function openStream(
  settings: RedisSettings,
  name: string,
  source: StreamedTable,
): Promise<Stream> {
  const {
    id,
    stream: { name: streamName, field },
  } = source;
  const { client, keys, close } = await openRedis(settings, name, MAX_WAIT_MS);
  const stream = keys.stream(streamName);
  let last = '0-0';
  return {
    async seekToEnd() {
      const [newest] = await client.xrevrange(stream, '+', '-', 'COUNT', 1);
      last = newest?.[0] ?? '0-0';
    },
    async next(waitMs) {
      // 0 would block for ever.
      const block = Math.max(1, Math.floor(waitMs));
      const found = await client.xread('COUNT', BATCH_EVENTS, 'BLOCK', block, 'STREAMS', stream, last);
      const events = found?.[0]?.[1] ?? [];
      last = events.at(-1)?.[0] ?? last;
      return events.flatMap(([, fields]) => idIn(fields[fields.indexOf(field) + 1], id));
    },
    close,
  };
}

/** Anyone may write to a stream: an event that is not ours is skipped. */
function idIn(json: string | undefined, name: string): string[] {
  try {
    const id: unknown = JSON.parse(json ?? '')?.[name];
    return typeof id === 'string' ? [id] : [];
  } catch {
    return [];
  }
}
