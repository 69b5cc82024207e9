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
  const opened = await ctx.redis(purpose);
  return reconnecting(ctx, purpose, (message) => ctx.io.say(`${message} Retrying.`), opened);
}

/** The same of a Redis that may be away already: it is connected to when it is used. `tell` is called once whenever it goes away. */
export function reconnecting(
  ctx: Context,
  purpose: RedisPurpose,
  tell: (message: string) => Promise<void> | void,
  opened?: RedisConnection,
): ReconnectingRedis {
  let redis = opened;
  let away = false;
  const reopen = async () => openRedis(await ctx.redisSettings(purpose), ctx.origin.command);
  const drop = () => {
    redis?.close();
    redis = undefined;
  };
  ctx.signal.addEventListener('abort', drop, { once: true });
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
        if (!away) await tell(failure.message);
        away = true;
        return undefined;
      }
    },
  };
}
