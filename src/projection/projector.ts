import type { AfterCommit } from '../audit/after-commit.ts';
import { instant, isBefore } from '../domain/instant.ts';
import type { RedisConnection } from '../platform/redis/connect.ts';
import { TTL_SECONDS } from '../platform/redis/keys.ts';
import { describeRedis, type RedisSettings } from '../platform/redis/settings.ts';
import { Failure } from '../util/failure.ts';

/**
 * A projector that connects when there is something to project. After one failure, of connecting or since, it tries no
 * more. Throws CONFIG_INVALID (exit 78) where it is told no usable URL.
 */
export function openAfterCommit(
  settings: RedisSettings,
  connect: () => Promise<RedisConnection>,
  now: () => Date,
): AfterCommit {
  const where = describeRedis(settings);
  let failure: Failure | undefined;
  const since = instant(new Date(now().getTime() - TTL_SECONDS.order * 1_000));
  return {
    isShown: (at) => at === undefined || !isBefore(at, since),
    async project(db, entries) {
      if (failure || entries.length === 0) return;
      const [{ withTimeout }, { project }] = await Promise.all([
        import('../platform/redis/connect.ts'),
        import('./project.ts'),
      ]);
      const done = connect().then((redis) => project(db, redis, entries, now));
      done.catch(() => {});
      await withTimeout(settings.timeout, done).catch(async (error) => {
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
