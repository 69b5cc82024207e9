import type { Context } from '../context.ts';
import type { RedisPurpose } from '../platform/config/redis-settings.ts';
import { openRedis, type RedisConnection } from '../platform/redis/connect.ts';
import { Failure } from '../util/failure.ts';

/** A client of Redis that outlives its connections. */
export interface ReconnectingRedis {
  /** What `work` returns; undefined while Redis is unreachable, which is reported once. */
  call: <T>(work: (redis: RedisConnection) => Promise<T>) => Promise<T | undefined>;
  close: () => void;
}

/** Connects to a Redis that must be reachable now, and may go away and come back later. */
export async function openReconnecting(ctx: Context, purpose: RedisPurpose): Promise<ReconnectingRedis> {
  let redis: RedisConnection | undefined = await ctx.redis(purpose);
  let away = false;
  const reopen = async () => {
    const opened = await openRedis(await ctx.redisSettings(purpose), ctx.origin.command);
    ctx.signal.addEventListener('abort', opened.close, { once: true });
    return opened;
  };
  const drop = () => {
    redis?.close();
    redis = undefined;
  };
  return {
    close: drop,
    async call(work) {
      try {
        redis ??= await reopen();
        const result = await work(redis);
        away = false;
        return result;
      } catch (error) {
        const failure = await ctx.explain(error);
        if (!(failure instanceof Failure) || failure.kind !== 'unreachable') throw failure;
        drop();
        if (!away) await ctx.io.say(`${failure.message} Retrying.`);
        away = true;
        return undefined;
      }
    },
  };
}
