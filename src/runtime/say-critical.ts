import type { Context } from '../context.ts';

/** Tells a person who has changed something of CRITICAL notifications that nobody has read; never a script, and never throws. */
export async function sayCritical(ctx: Context): Promise<void> {
  const { io, globals } = ctx;
  if (!io.err.isTTY || !io.out.isTTY || io.quiet || globals.json !== undefined || globals.csv) return;
  const { critical, all } = await count(ctx).catch(() => NONE);
  if (critical > 0)
    io.afterwards.push(
      `${all ? '' : 'At least '}${critical} CRITICAL unread: pinnacle notification list --level critical --unread`,
    );
}

const NONE = { critical: 0, all: true };

async function count(ctx: Context): Promise<typeof NONE> {
  if ((await ctx.phase()) < 3) return NONE;
  const { countNewestUnread } = await import('../trading/notifications/count-unread.ts');
  return countNewestUnread(await ctx.db());
}
