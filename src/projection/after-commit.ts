import type { AfterCommit } from '../audit/after-commit.ts';
import { instant, isBefore } from '../domain/instant.ts';
import type { AllRedis } from '../platform/config/load.ts';
import type { RedisOf } from '../platform/redis/connect.ts';
import { describeAllRedis } from '../platform/redis/settings.ts';
import { Failure } from '../util/failure.ts';
import { KIND_OF_ENTRY } from './kinds/list.ts';

/**
 * Projects after each commit of a command, connecting when there is something to project. After one failure it does not
 * try again. Throws CONFIG_INVALID (exit 78) for an unusable URL.
 */
export function openAfterCommit(settings: AllRedis, redis: RedisOf, now: () => Date): AfterCommit {
  const where = describeAllRedis(settings);
  let failure: Failure | undefined;
  return {
    isShown(kind, at) {
      const { ttlSeconds } = KIND_OF_ENTRY[kind];
      if (at === undefined || ttlSeconds === null) return true;
      const since = new Date(now().getTime() - ttlSeconds * 1_000);
      return !isBefore(at, instant(since));
    },
    async project(db, entries) {
      if (failure || entries.length === 0) return;
      const [{ withTimeout }, { project }] = await Promise.all([
        import('../platform/redis/connect.ts'),
        import('./project.ts'),
      ]);
      const done = project(db, redis, entries, now);
      done.catch(() => {});
      await withTimeout(settings.timeoutMs, done).catch(async (error) => {
        failure = await explain(error, where);
      });
    },
    failure: () => failure,
  };
}

async function explain(error: unknown, where: string): Promise<Failure> {
  const { isRedisFailure, redisFailure } = await import('../platform/redis/errors.ts');
  if (isRedisFailure(error)) return redisFailure(error, where);
  return error instanceof Failure
    ? error
    : new Failure('unreachable', 'NOT_PROJECTED', 'The database did not answer after the change.');
}
