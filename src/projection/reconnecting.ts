import type { Context } from '../context.ts';
import { openRedis, type RedisConnection } from '../platform/redis/connect.ts';
import { Failure } from '../util/failure.ts';

/** A line to Redis that outlives its connections. */
export interface ReconnectingRedis {
  /** What Redis answers; undefined while it is away, which is said once. */
  ask: <T>(question: (redis: RedisConnection) => Promise<T>) => Promise<T | undefined>;
  close: () => void;
}

/** Opens a line to a Redis that must be there now, and may go away and come back later. */
export async function openReconnecting(ctx: Context): Promise<ReconnectingRedis> {
  let redis: RedisConnection | undefined = await ctx.redis();
  let away = false;
  const reopen = async () => {
    const { redis: settings } = await ctx.config();
    if (!settings) throw new RangeError('Redis is configured where a line is open');
    const opened = await openRedis(settings, ctx.origin.command);
    ctx.signal.addEventListener('abort', opened.close, { once: true });
    return opened;
  };
  const drop = () => {
    redis?.close();
    redis = undefined;
  };
  return {
    close: drop,
    async ask(question) {
      try {
        redis ??= await reopen();
        const answer = await question(redis);
        away = false;
        return answer;
      } catch (error) {
        const failure = await ctx.explain(error);
        if (!(failure instanceof Failure) || failure.kind !== 'unreachable') throw failure;
        drop();
        if (!away) await ctx.io.say(`${failure.message} Waiting for it to come back.`);
        away = true;
        return undefined;
      }
    },
  };
}
