import type { Context } from '../context.ts';
import { checkEvents, STREAMS } from './events.ts';
import { checkLifetimes, FAMILIES } from './lifetimes.ts';
import { clearNotices } from './notices.ts';

/** How one kind of thing in Redis stands; with `repair`, stood. */
export interface Live {
  kind: string;
  keep: string;
  rows: number;
  /** Keys without an end or with too late a one, notifications that the book has no longer, events that are too old. */
  due: number;
  /** What becomes of those. */
  end: 'repaired' | 'deleted';
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
    const due = new Set([...endless, ...gone]).size;
    found.push({ kind, keep, rows: keys, due, end: 'repaired' });
  }
  for (const stream of STREAMS) {
    const { events, due } = await checkEvents(redis, stream, { repair, now: ctx.now() });
    found.push({ kind: stream.kind, keep: stream.keep, rows: events, due, end: 'deleted' });
  }
  return found;
}
