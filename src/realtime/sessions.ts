import type { Realtime } from '../redis/connect.ts';
import { endSession, readSession, sessionIds } from '../user/sessions/store.ts';
import type { Pending } from './outbox.ts';

/** Ends the sessions of users that were there when it was asked for; those begun since stay. */
export async function endSessions(redis: Realtime, entries: readonly Pending[]): Promise<void> {
  // Asked for in this order, so that the last word on a user is the latest.
  for (const [user, at] of new Map(entries.map(({ key, at }) => [key, Date.parse(at)])))
    for await (const ids of sessionIds(redis, user))
      await Promise.all(ids.map((id) => endUnlessAfter(redis, user, id, at)));
}

async function endUnlessAfter(redis: Realtime, user: string, id: string, at: number): Promise<void> {
  const session = await readSession(redis, user, id);
  if (!session || (session.created_at !== null && Date.parse(session.created_at) > at)) return;
  await endSession(redis, user, id);
}
