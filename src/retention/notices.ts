import type { Kysely } from 'kysely';
import type { Database } from '../db/schema.ts';
import { compareImages } from '../realtime/compare.ts';
import { readImages } from '../realtime/images.ts';
import { settle } from '../realtime/project.ts';
import { findStrays } from '../realtime/strays.ts';
import type { Realtime } from '../redis/connect.ts';

/**
 * Notifications that Redis shows and the book has no longer, and lists of traders that name such: the lists are written
 * only when a trader gets a new notification, and grow old in between. With `repair` they are made as the book is. Gives
 * their keys.
 */
export async function clearNotices(
  db: Kysely<Database>,
  redis: Realtime,
  { repair, now }: { repair: boolean; now: () => Date },
): Promise<string[]> {
  const cleared: string[] = [];
  for await (const strays of findStrays(db, redis, 3, 'notification')) {
    if (repair) await Promise.all(strays.map(({ key }) => redis.client.del(key)));
    cleared.push(...strays.map(({ key }) => key));
  }
  const lead = redis.keys.userNotifications('').length;
  for await (const keys of redis.scan('user_notifications:*')) {
    const lists = keys.map((key) => key.slice(lead));
    const subjects = { orders: [], notifications: [], lists };
    const drifts = await compareImages(redis, await readImages(db, redis.keys, subjects, now()));
    const stale = drifts.map(({ key }) => key.slice(lead));
    if (repair && stale.length > 0) await settle(db, redis, { ...subjects, lists: stale }, now);
    cleared.push(...drifts.map(({ key }) => key));
  }
  return cleared;
}
