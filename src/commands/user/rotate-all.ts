import type { Context } from '../../context.ts';
import type { Instant } from '../../domain/instant.ts';
import { pluralize } from '../../util/text.ts';
import { sayLogoutOfMany } from './logins/warn-logout.ts';

/** `user rotate-key` for every enabled user, with a file for each key in a folder. */
export async function rotateAll(ctx: Context, folder: string, graceUntil: Instant | null) {
  const { rotateAllKeys } = await import('../../trading/users/rotate-all-keys.ts');
  const { rows, issued, replaced } = await rotateAllKeys(ctx, folder, graceUntil);
  if (issued > 0)
    await ctx.io.say(
      `${pluralize(issued, 'user has', 'users have')} the key in force in a file there already.`,
    );
  if (graceUntil === null && replaced > 0) await sayLogoutOfMany(ctx, replaced);
  return rows;
}
