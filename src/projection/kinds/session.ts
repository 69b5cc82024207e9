import type { Pending } from '../../audit/outbox.ts';
import { isMinted } from '../../domain/id.ts';
import { type Instant, isBefore } from '../../domain/instant.ts';
import type { RedisConnection } from '../../platform/redis/connect.ts';
import { TTL_SECONDS } from '../../platform/redis/keys.ts';
import type { Kind } from './kind.ts';

declare module '../../audit/outbox.ts' {
  interface OutboxKinds {
    /** Every session of a user ends that began before this, by the user's id. */
    logout: string;
    /** One session ends, by `user_id:session_id`. */
    revoke: string;
  }
}

/** Sessions of users. A login writes them and nothing can rebuild them; what the outbox brings is their end. */
export const session = {
  purpose: 'sessions',
  ttlSeconds: TTL_SECONDS.session,
  retention: 'user_sessions',
  keys: [
    {
      name: 'session',
      pattern: 'session:*:*',
      wrote: (id) => isMinted('lgn', id.slice(id.lastIndexOf(':') + 1)),
    },
  ],
  outbox: { logout: endSessions, revoke: deleteSessions },
} as const satisfies Kind;

async function deleteSessions({ client, keys }: RedisConnection, entries: readonly Pending[]) {
  await Promise.all(entries.map(({ key }) => client.del(keys.named('session', key))));
}

/** Ends the sessions that existed when their end was asked for; those that began later stay. */
async function endSessions(redis: RedisConnection, entries: readonly Pending[]): Promise<void> {
  const { endSession, readSession, sessionIds } = await import('../../trading/users/login-sessions.ts');
  // Entries are in the order they were written, so the last one of a user is the latest.
  const latest = new Map(entries.map(({ key, at }) => [key, at]));
  const endOne = async (user: string, id: string, at: Instant) => {
    const found = await readSession(redis, user, id);
    if (!found || (found.created_at !== null && isBefore(at, found.created_at))) return;
    await endSession(redis, user, id);
  };
  for (const [user, at] of latest)
    for await (const ids of sessionIds(redis, user)) await Promise.all(ids.map((id) => endOne(user, id, at)));
}
