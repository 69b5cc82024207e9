import { REDIS_PURPOSES } from '../../platform/config/redis-settings.ts';
import { pluralize } from '../../util/text.ts';
import { fail, ok, warn } from '../../util/verdict.ts';
import type { Check } from './check.ts';

const NO_REDIS = ok('no Redis is configured');
const OUTBOX_LATE_MS = 60_000;

/** Redis, what waits for it, and how long its keys live. */
export const REDIS_CHECKS: readonly Check[] = [
  {
    name: 'redis',
    async alone({ ctx }) {
      if (!(await ctx.config()).redis) return NO_REDIS;
      try {
        const started = performance.now();
        const opened = new Set(await Promise.all(REDIS_PURPOSES.map((purpose) => ctx.redis(purpose))));
        await Promise.all([...opened].map(({ client }) => client.ping()));
        const took = `${(performance.now() - started).toFixed(1)} ms`;
        return ok(
          opened.size === 1
            ? `answers, ${took} with its connection`
            : `all ${opened.size} answer, ${took} with their connections`,
        );
      } catch (error) {
        const { message } = (await ctx.explain(error)) as Error;
        return fail(message.replace(/\.$/, ''));
      }
    },
    help: 'Start Redis, or correct its URL; committed changes wait in the outbox.',
  },
  {
    name: 'outbox',
    phase: 1,
    async run({ ctx, db }) {
      const { countPending } = await import('../../audit/outbox.ts');
      const { pending, oldest } = await countPending(db);
      if (pending === 0 || oldest === null) return ok('nothing waits for Redis');
      const waiting = `${pluralize(pending, 'change')} waiting for Redis since ${oldest}`;
      // A change that was committed a moment ago is still on its way.
      const isLate = ctx.now().getTime() - Date.parse(oldest) > OUTBOX_LATE_MS;
      return isLate ? warn(waiting) : ok(waiting);
    },
    async fix({ ctx, db }) {
      const { drainAll } = await import('../../projection/project.ts');
      await drainAll(db, ctx.redis, ctx.now, ctx.signal);
    },
    help: 'pinnacle realtime drain',
  },
  {
    name: 'lifetimes',
    isSlow: true,
    phase: 1,
    async run({ ctx }) {
      if (!(await ctx.config()).redis) return NO_REDIS;
      const { checkRedis } = await import('../retention/redis.ts');
      const families = await checkRedis(ctx, false);
      const due = families.reduce((sum, family) => sum + family.due, 0);
      const rows = families.reduce((sum, family) => sum + family.rows, 0);
      const all = pluralize(rows, 'key or event', 'keys and events');
      return due === 0 ? ok(`${all} checked; none past its TTL`) : warn(`${due} of ${all} past their TTL`);
    },
    async fix({ ctx }) {
      await (await import('../retention/redis.ts')).checkRedis(ctx, true);
    },
    help: 'pinnacle retention run',
  },
];
