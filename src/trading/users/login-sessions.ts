import * as z from 'zod/mini';
import type { Trx } from '../../audit/transaction.ts';
import { type Instant, instant } from '../../domain/instant.ts';
import { readTimestamp } from '../../domain/timestamp.ts';
import { serverNow } from '../../platform/postgres/server-clock.ts';
import type { RedisConnection } from '../../platform/redis/connect.ts';
import { errorCodeOf, redisFailure } from '../../platform/redis/errors.ts';
import { TTL_SECONDS } from '../../platform/redis/keys.ts';
import { parseJson } from '../../util/json.ts';

/** A login session without its secret; if it is unreadable, only its key and its lifetime are known. */
export interface Session {
  session_id: string;
  state: 'ok' | 'unreadable';
  created_at: Instant | null;
  last_seen_at: Instant | null;
  /** When it expires in Redis; null for never. */
  expires_at: Instant | null;
}

/** What a login records of the session it starts. */
interface Beginning {
  session_id: string;
  user_id: string;
  token_sha256: string;
  by: Record<string, string>;
}

/**
 * Writes a new session to Redis (not in a dry run), for its lifetime or until an earlier time. Its start is taken from
 * the clock of the database, as is its end in the outbox, because the two are compared. Throws Redis errors as Failure.
 */
export async function beginSession(
  trx: Trx,
  redis: RedisConnection | null,
  { session_id, user_id, token_sha256, by }: Beginning,
  until: Instant | null,
): Promise<{ created_at: Instant; expires_at: Instant }> {
  const created_at = await serverNow(trx.db);
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

/** The sessions that may belong to a user, in batches of ids; an id may come twice, and readSession checks its user. */
export async function* sessionIds({ keys, scan }: RedisConnection, user: string): AsyncIterable<string[]> {
  const lead = keys.session(user, '').length;
  for await (const found of scan(keys.sessionsOf(user))) yield found.map((key) => key.slice(lead));
}

const stored = z.object({
  user_id: z.optional(z.string()),
  created_at: z.optional(z.unknown()),
  last_seen_at: z.optional(z.unknown()),
});

/** A session of a user; undefined if it is gone or belongs to another user. */
export async function readSession(
  { client, keys }: RedisConnection,
  user: string,
  id: string,
): Promise<Session | undefined> {
  const key = keys.session(user, id);
  const [text, expires] = await Promise.all([textOf(client, key), client.pexpiretime(key)]);
  if (expires === GONE) return undefined;
  const found = parsed(text);
  // A user id may contain colons: session:a:b:c belongs to user a:b unless its value names user a.
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

/** Text longer than any valid session is cut off, so that it is not valid JSON. */
const MAX_SESSION_BYTES = 65_536;

async function textOf(client: RedisConnection['client'], key: string): Promise<string> {
  return client.getrange(key, 0, MAX_SESSION_BYTES).catch((error) => {
    if (errorCodeOf(error) === 'WRONGTYPE') return '';
    throw error;
  });
}

interface Stored {
  user_id: string | undefined;
  created_at: Instant;
  last_seen_at: Instant | null;
}

/**
 * Parses the text of a session; undefined if it is malformed or its times are invalid. A service may write them as numbers: a
 * session that began after the end of all was asked for must not end with them.
 */
function parsed(text: string): Stored | undefined {
  const { data } = stored.safeParse(jsonOf(text));
  const created = readTimestamp(data?.created_at);
  const seen = data?.last_seen_at === undefined ? { instant: null } : readTimestamp(data.last_seen_at);
  return 'instant' in created && 'instant' in seen
    ? { user_id: data?.user_id, created_at: created.instant, last_seen_at: seen.instant }
    : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
