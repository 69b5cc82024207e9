import type { Context } from '../context.ts';

/** Tells a person who has changed something of CRITICAL notifications that nobody has read; never a script, and never throws. */
export async function sayCritical(ctx: Context): Promise<void> {
  const { io, globals } = ctx;
  if (!io.err.isTTY || !io.out.isTTY || io.quiet || globals.json !== undefined || globals.csv) return;
  const critical = await count(ctx).catch(() => 0);
  if (critical > 0)
    io.afterwards.push(`${critical} CRITICAL unread: pinnacle notification list --level critical --unread`);
}

async function count(ctx: Context): Promise<number> {
  if ((await ctx.phase()) < 3) return 0;
  const { countUnreadCritical } = await import('../trading/notifications/count-unread.ts');
  return countUnreadCritical(await ctx.db());
}
