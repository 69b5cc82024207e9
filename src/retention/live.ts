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
    found.push({ kind, keep, keys, due: endless });
  }
  const notices = found.at(-1);
  if (notices && phase >= 3) notices.due += await clearNotices(db, redis, { repair, now: ctx.now });
  return found;
}
