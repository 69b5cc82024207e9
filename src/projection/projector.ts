import type { Projector } from '../audit/after-commit.ts';
import type { Realtime } from '../platform/redis/connect.ts';
import { LIFETIME } from '../platform/redis/keys.ts';
import { describeRedis, type RedisSettings } from '../platform/redis/settings.ts';
import { CliError } from '../util/failure.ts';

/**
 * A projector that connects when there is something to project. After one failure, of connecting or since, it tries no
 * more. Throws CONFIG_INVALID (exit 78) where it is told no usable URL.
 */
export function openProjector(
  settings: RedisSettings,
  connect: () => Promise<Realtime>,
  now: () => Date,
): Projector {
  const where = describeRedis(settings);
  let failure: CliError | undefined;
  return {
    since: new Date(now().getTime() - LIFETIME.order * 1_000).toISOString(),
    async project(db, entries) {
      if (failure || entries.length === 0) return;
      const [{ within }, { project }] = await Promise.all([
        import('../platform/redis/connect.ts'),
        import('./project.ts'),
      ]);
      const done = connect().then((redis) => project(db, redis, entries, now));
      done.catch(() => {});
      await within(settings.timeout, done).catch(async (error) => {
        failure = await explain(error, where);
      });
    },
    failure: () => failure,
  };
}

async function explain(error: unknown, where: string): Promise<CliError> {
  const { isRedisFailure, redisFailure } = await import('../platform/redis/errors.ts');
  if (isRedisFailure(error)) return redisFailure(error, where);
  return error instanceof CliError
    ? error
    : new CliError('unreachable', 'NOT_PROJECTED', 'The database did not answer after the change.');
}
