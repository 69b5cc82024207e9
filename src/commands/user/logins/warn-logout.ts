import type { Context } from '../../../context.ts';
import type { UserId } from '../../../domain/id.ts';

/** Reports whether a change ends the login sessions of a user. */
export async function sayLogout(ctx: Context, userId: UserId): Promise<void> {
  const { redis } = await ctx.config();
  await ctx.io.say(
    redis
      ? `This ends the sessions of ${userId}.`
      : `No Redis is configured here: sessions of ${userId}, if any, continue. To end them, with REDIS_URL set: pinnacle user logins revoke-all ${userId}`,
  );
}
