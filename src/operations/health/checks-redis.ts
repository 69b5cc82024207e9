import { pluralize } from '../../util/text.ts';
import { fail, ok, warn } from '../../util/verdict.ts';
import type { Check } from './check.ts';
import { replicaStates } from './replica-lag.ts';

const NO_REDIS = ok('no Redis is configured');

/** What keeps Redis from being of use is said by the check that asks it first. */
export const redis: Check = {
  async look({ ctx }) {
    if (!(await ctx.config()).redis) return NO_REDIS;
    try {
      const started = performance.now();
      await (await ctx.redis()).client.ping();
      return ok(`answers, ${(performance.now() - started).toFixed(1)} ms with its connection`);
    } catch (error) {
      const { message } = (await ctx.explain(error)) as Error;
      return fail(message.replace(/\.$/, ''), 'Start it, or correct its URL; what is committed waits.');
    }
  },
};

export const lifetimes: Check = {
  phase: 1,
  async look({ ctx }) {
    if (!(await ctx.config()).redis) return NO_REDIS;
    const { checkRedis } = await import('../retention/redis.ts');
    const kinds = await checkRedis(ctx, false);
    const due = kinds.reduce((sum, kind) => sum + kind.due, 0);
    const rows = kinds.reduce((sum, kind) => sum + kind.rows, 0);
    if (due === 0)
      return ok(`of ${pluralize(rows, 'key or event', 'keys and events')} none outlives its time`);
    return warn(
      `${due} of ${pluralize(rows, 'key or event', 'keys and events')} outlive their time`,
      'pinnacle retention run',
    );
  },
  async fix({ ctx }) {
    await (await import('../retention/redis.ts')).checkRedis(ctx, true);
  },
};

export const replicas: Check = {
  async look({ ctx }) {
    const found = await replicaStates(ctx);
    if (found.length === 0) return ok('none is configured');
    const unready = found.filter(({ state }) => state !== 'ready');
    if (unready.length === 0) return ok(`${pluralize(found.length, 'replica')} ready`);
    const which = unready.map(({ replica, state }) => `${replica} ${state}`).join(', ');
    return warn(`${which}; the primary answers instead`, 'pinnacle doctor replicas');
  },
};
