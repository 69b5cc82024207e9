import type { Context } from '../context.ts';
import { checkLifetimes, FAMILIES } from './lifetimes.ts';
import { clearNotices } from './notices.ts';

/** How one kind of key stands; with `repair`, stood. */
export interface Live {
  kind: string;
  keep: string;
  keys: number;
  /** Keys without an end or with too late a one, and notifications that the book has no longer. */
  due: number;
}

/** Looks at what Redis holds, and with `repair` puts it right. Throws what Redis throws. */
export async function checkRedis(ctx: Context, repair: boolean): Promise<Live[]> {
  const [db, phase, redis] = [await ctx.db(), await ctx.phase(), await ctx.redis()];
  const found: Live[] = [];
  for (const family of FAMILIES) {
    const { kind, keep } = family;
    const { keys, endless } = await checkLifetimes(redis, family, { repair, signal: ctx.signal });
    const isOfNotices = kind === 'live_notifications' && phase >= 3;
    const gone = isOfNotices ? await clearNotices(db, redis, { repair, now: ctx.now }) : [];
    // A key may have both faults, and SCAN may name one twice.
    found.push({ kind, keep, keys, due: new Set([...endless, ...gone]).size });
  }
  return found;
}
