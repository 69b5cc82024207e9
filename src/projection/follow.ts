import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { duration, integer, optional } from '../cli/flags.ts';
import { columnValue } from '../cli/rows.ts';
import type { Context } from '../context.ts';
import { type Instant, instant } from '../domain/instant.ts';
import { Failure } from '../util/failure.ts';
import { type EventSource, MAX_WAIT_MS, openStream, type Stream } from './event-stream.ts';
import { createRecentCache, type RecentCache } from './recent-cache.ts';

/** What is followed: a stream that tells which things changed, and the book, which says what they are. */
export interface Topic<R> extends EventSource {
  /** The ids of what came or changed at this time or later, in UTC, some at a time, the oldest first. */
  changed: (since: Instant) => AsyncIterable<string[]>;
  /** How often the book is asked that where nothing seems amiss, in milliseconds. */
  every: number;
  /** Those of these things that are asked for, as the book has them. */
  read: (ids: string[]) => Promise<R[]>;
  /** A word that differs for every state of a thing; left out where things never change. */
  state?: (row: R) => string;
}

/** Where following begins, a time in UTC or now; and when it ends by itself: after milliseconds, after so many. */
interface Span {
  since?: Instant | undefined;
  for: number | undefined;
  count: number | undefined;
}

/** The flags of every verb that follows. */
export const followFlags = {
  for: optional(duration('end after this long')),
  count: optional(integer('N', 'end after this many')),
};

const REMEMBERED = 20_000;

/**
 * Everything new of a topic, each state of each thing once, until the span ends. The stream only tells what to look at:
 * it may be cut, trimmed, flushed, or lose its end in a failover. So each connection, and every so often, begins with
 * the place where the stream ends, then reads the book, and only then goes on from that place: what was committed
 * before is in the book, and what is told later stands behind it. While Redis is away the book alone is read. That a
 * backend is away is said once and waited out; a database that is away from the start is thrown.
 */
export async function* follow<R extends object>(
  ctx: Context,
  topic: Topic<R>,
  { since, for: length = Number.POSITIVE_INFINITY, count = Number.POSITIVE_INFINITY }: Span,
): AsyncGenerator<R> {
  const end = performance.now() + length;
  let missing = count;
  for await (const row of endless(ctx, topic, since, end)) {
    yield row;
    missing--;
    if (missing === 0 || performance.now() >= end) return;
  }
}

async function* endless<R extends object>(
  ctx: Context,
  topic: Topic<R>,
  since: Instant | undefined,
  end: number,
): AsyncGenerator<R> {
  const settings = await ctx.redisSettings();
  const shown = createRecentCache(REMEMBERED, ctx.now);
  const book = await openBook(ctx, topic, since, shown);
  const trouble = troubleOf(ctx);
  let stream: Stream | undefined;
  const toEnd = async () => {
    stream ??= await openStream(settings, ctx.origin.command, topic);
    await stream.toEnd();
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
        const { open, cause } = await toEnd().catch((cause: unknown) => ({ open: undefined, cause }));
        if (open || book.due() <= performance.now())
          for await (const ids of book.missed()) yield* news(topic, shown, ids);
        if (!open) throw cause;
        await trouble.over();
        for (const until = Math.min(end, book.due()); performance.now() < until; ) {
          const wait = Math.min(MAX_WAIT_MS, until - performance.now());
          yield* news(topic, shown, await open.next(wait));
        }
      } catch (error) {
        close();
        const pause = await trouble.met(error);
        await sleep(Math.min(pause, end - performance.now()), undefined, ctx).catch(() => {});
      }
    }
  } finally {
    ctx.signal.removeEventListener('abort', close);
    close();
  }
}

/** What of these things was not shown yet, in their order. */
async function* news<R extends object>(
  topic: Topic<R>,
  shown: RecentCache,
  ids: string[],
): AsyncGenerator<R> {
  const { id, read, state } = topic;
  const asked = [...new Set(ids)].filter((each) => state || shown.get(each) === undefined);
  if (asked.length === 0) return;
  const rows = new Map((await read(asked)).map((row) => [String(columnValue(row, id)), row]));
  for (const each of asked) {
    const row = rows.get(each);
    if (!row) continue;
    const now = state?.(row) ?? '';
    if (shown.get(each) === now) continue;
    shown.set(each, now);
    yield row;
  }
}

/** A change is dated before it is committed, and by another clock: so far back the book is read again. */
const OVERLAP_MS = 60_000;

/** The book, read for what came since it was last read, or since the start; throws where the database is away. */
async function openBook<R>(ctx: Context, topic: Topic<R>, since: Instant | undefined, shown: RecentCache) {
  const db = await ctx.db();
  const clock = async () => {
    const { rows } = await sql<{ now: Instant }>`SELECT localtimestamp AS now`.execute(db);
    return Date.parse(rows[0]?.now ?? '');
  };
  const now = await clock();
  const start = since === undefined ? now : Date.parse(since);
  let read = start;
  let due = 0;
  return {
    /** When it is to be read again, by the clock of `performance`. */
    due: () => due,
    async *missed(): AsyncGenerator<string[]> {
      const at = await clock();
      const from = Math.max(start, read - OVERLAP_MS, shown.since());
      yield* topic.changed(instant(new Date(from)));
      read = at;
      due = performance.now() + topic.every;
    },
  };
}

const RETRY_PAUSE_MS = { least: 50, most: 1_000 };

/** Waits out what is away: says it once, and grows patient. */
function troubleOf(ctx: Context) {
  let pause = 0;
  let said = false;
  return {
    /** How many milliseconds to wait now; throws what waiting does not mend. */
    async met(error: unknown): Promise<number> {
      const failure = await ctx.explain(error);
      if (!(failure instanceof Failure) || !isTransient(failure)) throw failure;
      // A line that breaks and is back at once is not worth a word.
      if (pause > 0 && !said) {
        said = true;
        await ctx.io.warn(`${failure.message} Trying until it can.`);
      }
      pause = Math.min(RETRY_PAUSE_MS.most, Math.max(RETRY_PAUSE_MS.least, pause * 2));
      return pause;
    },
    async over(): Promise<void> {
      if (said) await ctx.io.say('Everything can be reached again.');
      said = false;
      pause = 0;
    },
  };
}

// What stands in the place of a stream gives way to the next event.
const isTransient = ({ kind, code }: Failure) =>
  kind === 'unreachable' || kind === 'busy' || code === 'REDIS_WRONGTYPE';
