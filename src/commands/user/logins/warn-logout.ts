import type { Context } from '../../../context.ts';
import type { UserId } from '../../../domain/id.ts';
import { pluralize } from '../../../util/text.ts';

/** Reports whether a change ends the login sessions of a user. */
export async function sayLogout(ctx: Context, userId: UserId): Promise<void> {
  const { redis } = await ctx.config();
  await ctx.io.say(
    redis
      ? `This ends the sessions of ${userId}.`
      : `No Redis is configured here: sessions of ${userId}, if any, continue. To end them, with REDIS_URL set: pinnacle user logins revoke-all ${userId}`,
  );
}

/** The same of a change for several users. */
export async function sayLogoutOfMany(ctx: Context, users: number): Promise<void> {
  const { redis } = await ctx.config();
  const whose = `the sessions of ${pluralize(users, 'user')}`;
  await ctx.io.say(
    redis
      ? `This ends ${whose}.`
      : `No Redis is configured here: ${whose}, if any, continue. With REDIS_URL set, user logins revoke-all ends those of a user.`,
  );
}
