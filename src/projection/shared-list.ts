import type { ChainableCommander } from 'ioredis';
import { type ListSteps, type MergedList, mergeList } from '../domain/merge-list.ts';
import type { RedisConnection } from '../platform/redis/connect.ts';
import { repliesOf } from '../platform/redis/transaction.ts';
import type { Snapshot } from './kinds/kind.ts';

type ListSnapshot = Snapshot & { type: 'list' };

/** A list as it should be, by the snapshot and by what is in it. */
export async function mergedList(
  redis: RedisConnection,
  { members: due, own, fresh }: ListSnapshot,
  held: readonly string[],
): Promise<MergedList> {
  const isDue = new Set(due);
  const others = held.filter((id) => !isDue.has(id));
  const ours = await own(redis, others);
  return mergeList(held, due, (id) => ours.has(id), fresh);
}

/** How often a list is written again because another process changed it at the same moment. */
const ATTEMPTS = 5;

/**
 * Brings the ids of ours in a list to those that are due, each attempt atomically. Only ids are put in and taken out, so what
 * others push or cut in the meantime stays pushed and cut; then it looks again.
 */
export async function writeList(redis: RedisConnection, snapshot: ListSnapshot): Promise<void> {
  const { key, members: due, expires } = snapshot;
  let held = await redis.client.lrange(key, 0, -1);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const { members, steps, isShared } = await mergedList(redis, snapshot, held);
    const isRight = String(members) === String(held);
    if (isRight && (attempt > 1 || due.length === 0)) return;
    const all = redis.client.multi();
    addSteps(all, key, steps);
    // A list that others write to lives as long as they say, or longer.
    if (due.length > 0) all.call('EXPIREAT', key, expires, ...(isShared ? ['GT'] : []));
    held = (await repliesOf(all.lrange(key, 0, -1))).at(-1) as string[];
    if (String(held) === String(members)) return;
  }
}

function addSteps(all: ChainableCommander, key: string, { remove, front, behind, back }: ListSteps): void {
  for (const id of remove) all.lrem(key, 0, id);
  if (front.length > 0) all.lpush(key, ...front);
  for (const { id, pivot } of behind) all.linsert(key, 'AFTER', pivot, id);
  if (back.length > 0) all.rpush(key, ...back);
}
