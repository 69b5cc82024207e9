import { sql } from 'kysely';
import * as z from 'zod/mini';
import type { Trx } from '../../audit/transaction.ts';
import { fromRfc3339, type Instant, instant } from '../../domain/instant.ts';
import type { RedisConnection } from '../../platform/redis/connect.ts';
import { errorCodeOf, redisFailure } from '../../platform/redis/errors.ts';
import { TTL_SECONDS } from '../../platform/redis/keys.ts';
import { parseJson } from '../../util/json.ts';

/** A session as somebody may see it; of one that is unreadable only where it stands and how long. */
export interface Session {
  session_id: string;
  state: 'ok' | 'unreadable';
  created_at: Instant | null;
  last_seen_at: Instant | null;
  /** When Redis forgets it; null for never. */
  expires_at: Instant | null;
}

/** What a login knows of the session it begins. */
interface Beginning {
  session_id: string;
  user_id: string;
  token_sha256: string;
  by: Record<string, string>;
}

/**
 * Writes a new session to Redis (to none in a dry run), for its lifetime or until a time before. It begins by the clock
 * of the database, as its end in the outbox does: the two are compared. Throws what Redis says, in our words.
 */
export async function beginSession(
  trx: Trx,
  redis: RedisConnection | null,
  { session_id, user_id, token_sha256, by }: Beginning,
  until: Instant | null,
): Promise<{ created_at: Instant; expires_at: Instant }> {
  const { rows } = await sql<{ at: Instant }>`SELECT clock_timestamp()::timestamp AS at`.execute(trx.db);
  const [row] = rows;
  if (!row) throw new Error('a statement without FROM gives one row');
  const created_at = row.at;
  const longest = Date.parse(created_at) + TTL_SECONDS.session * 1_000;
  const ends = until === null ? longest : Math.min(longest, Date.parse(until));
  const expires_at = instant(new Date(ends));
  const json = { session_id, user_id, token_sha256, created_at, last_seen_at: created_at, expires_at, by };
  await redis?.client
    .set(redis.keys.session(user_id, session_id), JSON.stringify(json), 'PXAT', ends)
    .catch((error) => {
      throw redisFailure(error, redis.where);
    });
  return { created_at, expires_at };
}

/** Ends one session, if it is there. */
export async function endSession({ client, keys }: RedisConnection, user: string, id: string): Promise<void> {
  await client.del(keys.session(user, id));
}

/** The sessions that may be a trader's, some ids at a time; an id may come twice, and readSession says whose it is. */
export async function* sessionIds({ keys, scan }: RedisConnection, user: string): AsyncIterable<string[]> {
  const lead = keys.session(user, '').length;
  for await (const found of scan(keys.sessionsOf(user))) yield found.map((key) => key.slice(lead));
}

const stored = z.object({
  user_id: z.optional(z.string()),
  created_at: z.string(),
  last_seen_at: z.optional(z.string()),
});

/** A session of a trader; undefined where it is gone, or is somebody else's. */
export async function readSession(
  { client, keys }: RedisConnection,
  user: string,
  id: string,
): Promise<Session | undefined> {
  const key = keys.session(user, id);
  const [text, expires] = await Promise.all([textOf(client, key), client.pexpiretime(key)]);
  if (expires === GONE) return undefined;
  const found = parsed(text);
  // An id of a trader may have colons: session:a:b:c is of a trader a:b unless it says that it is of a.
  if (id.includes(':') && found?.user_id !== user) return undefined;
  return {
    session_id: id,
    state: found ? 'ok' : 'unreadable',
    created_at: found?.created_at ?? null,
    last_seen_at: found?.last_seen_at ?? null,
    expires_at: expires < 0 ? null : instant(new Date(expires)),
  };
}

const GONE = -2;

/** What is longer than any session of ours is cut off, and no JSON then. */
const LONGEST = 65_536;

async function textOf(client: RedisConnection['client'], key: string): Promise<string> {
  return client.getrange(key, 0, LONGEST).catch((error) => {
    if (errorCodeOf(error) === 'WRONGTYPE') return '';
    throw error;
  });
}

interface Stored {
  user_id: string | undefined;
  created_at: Instant;
  last_seen_at: Instant | null;
}

/** A session as text; undefined for what is none, and for one whose times are none. */
function parsed(text: string): Stored | undefined {
  const { data } = stored.safeParse(jsonOf(text));
  const created_at = fromRfc3339(data?.created_at ?? '');
  const seen = data?.last_seen_at;
  const last_seen_at = seen === undefined ? null : fromRfc3339(seen);
  return created_at && last_seen_at !== undefined
    ? { user_id: data?.user_id, created_at, last_seen_at }
    : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
