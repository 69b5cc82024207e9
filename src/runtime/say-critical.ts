import type { Context } from '../context.ts';
import { pluralize } from '../util/text.ts';

/** Tells a person who has changed something of CRITICAL notifications that nobody has read; never a script, and never throws. */
export async function sayCritical(ctx: Context): Promise<void> {
  const { io, globals } = ctx;
  if (!io.err.isTTY || !io.out.isTTY || io.quiet || globals.json !== undefined || globals.csv) return;
  const unread = await count(ctx).catch(() => 0);
  if (unread > 0)
    io.afterwards.push(
      `${pluralize(unread, 'CRITICAL notification')} unread: pinnacle notification list --level CRITICAL --unread`,
    );
}

async function count(ctx: Context): Promise<number> {
  if ((await ctx.phase()) < 3) return 0;
  const { countCritical } = await import('../trading/notifications/count-critical.ts');
  return countCritical(await ctx.db());
}
