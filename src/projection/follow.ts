import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { columnValue } from '../cli/rows.ts';
import type { Context } from '../context.ts';
import { type Instant, instant } from '../domain/instant.ts';
import type { RedisPurpose } from '../platform/config/redis-settings.ts';
import { Failure } from '../util/failure.ts';
import { MAX_WAIT_MS, openStream, type Stream } from './event-stream.ts';
import type { StreamedTable } from './kinds/kind.ts';
import { createRecentCache, type RecentCache } from './recent-cache.ts';

/** What is followed: a stream that tells which rows changed, and the table, which says what they are. */
export interface Topic<R> {
  source: StreamedTable;
  /** The Redis that the stream is in. */
  purpose: RedisPurpose;
  /** The ids of rows that changed at this time or later, in UTC, in batches, the oldest first. */
  changed: (since: Instant) => AsyncIterable<string[]>;
  /** How often the table is read while the stream works, in milliseconds. */
  pollMs: number;
  /** The rows of these ids that are asked for. */
  read: (ids: string[]) => Promise<R[]>;
  /** A text that differs for every state of a row; left out where rows never change. */
  state?: (row: R) => string;
}

/** Where following begins, a time in UTC or now; and when it ends by itself: after milliseconds, after so many rows. */
interface Span {
  since?: Instant | undefined;
  for: number | undefined;
  count: number | undefined;
}

const REMEMBERED_ROWS = 20_000;

/**
 * Everything new of a topic, each state of each row once, until the span ends. The stream only tells where to look: it
 * may be cut, trimmed, flushed, or lose its end in a failover. So on every connection, and periodically, it notes the
 * end of the stream, reads the table, and continues from that position: what was committed before is in the table, and
 * what is announced later comes after it. While Redis is away only the table is read. An unreachable backend is
 * reported once and waited for; a database that is unreachable from the start is thrown.
 */
export async function* follow<R extends object>(
  ctx: Context,
  topic: Topic<R>,
  { since, for: lengthMs = Number.POSITIVE_INFINITY, count = Number.POSITIVE_INFINITY }: Span,
): AsyncGenerator<R> {
  const end = performance.now() + lengthMs;
  let missing = count;
  for await (const row of followForever(ctx, topic, since, end)) {
    yield row;
    missing--;
    if (missing === 0 || performance.now() >= end) return;
  }
}

async function* followForever<R extends object>(
  ctx: Context,
  topic: Topic<R>,
  since: Instant | undefined,
  end: number,
): AsyncGenerator<R> {
  const settings = await ctx.redisSettings(topic.purpose);
  const shown = createRecentCache(REMEMBERED_ROWS, ctx.now);
  const table = await openTable(ctx, topic, since, shown);
  const backoff = createBackoff(ctx);
  let stream: Stream | undefined;
  const seekToEnd = async () => {
    stream ??= await openStream(settings, ctx.origin.command, topic.source);
    await stream.seekToEnd();
    return { open: stream, cause: undefined };
  };
  const close = () => {
    stream?.close();
    stream = undefined;
  };
  ctx.signal.addEventListener('abort', close);
  try {
    while (performance.now() < end) {
      ctx.signal.throwIfAborted();
      try {
        const { open, cause } = await seekToEnd().catch((cause: unknown) => ({ open: undefined, cause }));
        if (open || table.due() <= performance.now())
          for await (const ids of table.changed()) yield* unseenRows(topic, shown, ids);
        if (!open) throw cause;
        await backoff.onSuccess();
        for (const until = Math.min(end, table.due()); performance.now() < until; ) {
          const waitMs = Math.min(MAX_WAIT_MS, until - performance.now());
          yield* unseenRows(topic, shown, await open.next(waitMs));
        }
      } catch (error) {
        close();
        const pauseMs = await backoff.onError(error);
        await sleep(Math.min(pauseMs, end - performance.now()), undefined, ctx).catch(() => {});
      }
    }
  } finally {
    ctx.signal.removeEventListener('abort', close);
    close();
  }
}

/** The rows of these ids whose state was not shown yet, in their order. */
async function* unseenRows<R extends object>(
  topic: Topic<R>,
  shown: RecentCache,
  ids: string[],
): AsyncGenerator<R> {
  const { source, read, state } = topic;
  const asked = [...new Set(ids)].filter((id) => state || shown.get(id) === undefined);
  if (asked.length === 0) return;
  const rows = new Map((await read(asked)).map((row) => [String(columnValue(row, source.id)), row]));
  for (const id of asked) {
    const row = rows.get(id);
    if (!row) continue;
    const now = state?.(row) ?? '';
    if (shown.get(id) === now) continue;
    shown.set(id, now);
    yield row;
  }
}

/** A change is dated before it is committed, and by another clock: each read reaches this far back. */
const OVERLAP_MS = 60_000;

/** The table, read for what changed since the last read, or since the start; throws where the database is away. */
async function openTable<R>(ctx: Context, topic: Topic<R>, since: Instant | undefined, shown: RecentCache) {
  const db = await ctx.db();
  const clock = async () => {
    const { rows } = await sql<{ now: Instant }>`SELECT localtimestamp AS now`.execute(db);
    return Date.parse(rows[0]?.now ?? '');
  };
  const now = await clock();
  const start = since === undefined ? now : Date.parse(since);
  let lastRead = start;
  let due = 0;
  return {
    /** When the next read is due, by the clock of `performance`. */
    due: () => due,
    async *changed(): AsyncGenerator<string[]> {
      const at = await clock();
      const from = Math.max(start, lastRead - OVERLAP_MS, shown.since());
      yield* topic.changed(instant(new Date(from)));
      lastRead = at;
      due = performance.now() + topic.pollMs;
    },
  };
}

const MIN_RETRY_MS = 50;
const MAX_RETRY_MS = 1_000;

/** Waits longer after each error, and reports an unreachable backend once. */
function createBackoff(ctx: Context) {
  let pauseMs = 0;
  let reported = false;
  return {
    /** How many milliseconds to wait now; throws an error that waiting does not cure. */
    async onError(error: unknown): Promise<number> {
      const failure = await ctx.explain(error);
      if (!(failure instanceof Failure) || !isTransient(failure)) throw failure;
      // A connection that breaks and is back at once is not worth a word.
      if (pauseMs > 0 && !reported) {
        reported = true;
        await ctx.io.warn(`${failure.message} Retrying.`);
      }
      pauseMs = Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, pauseMs * 2));
      return pauseMs;
    },
    async onSuccess(): Promise<void> {
      if (reported) await ctx.io.say('Reconnected.');
      reported = false;
      pauseMs = 0;
    },
  };
}

// A value of another type in the place of a stream is replaced by the next event.
const isTransient = ({ kind, code }: Failure) =>
  kind === 'unreachable' || kind === 'busy' || code === 'REDIS_WRONGTYPE';
