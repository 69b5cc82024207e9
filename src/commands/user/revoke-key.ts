import { auditTarget, changed } from '../../audit/outcome.ts';
import { defineCommand } from '../../cli/command.ts';
import { parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { instant } from '../../domain/instant.ts';
import { unusableHash } from '../../platform/secrets/api-key.ts';
import { sayLogout } from './sessions/warn-logout.ts';

export const revokeKey = defineCommand({
  effect: 'destroy',
  phase: 1,
  args: { user: parsed(userId, 'USER', 'the user') },
  flags: {},
  fields: { user_id: { type: 'text' }, grace_ended: { type: 'integer' } },
  examples: ['user revoke-key trader_001 --yes'],
  details: `Ends the key, every replaced key that is still accepted, and the user's sessions. To issue a new key: pinnacle user
rotate-key`,
  async run({ user }, ctx: Context) {
    const { replaceKey } = await import('../../trading/users/api-keys.ts');
    await ctx.confirm(`Revoke every API key of ${user}?`);
    const now = instant(ctx.now());
    const result = await ctx.change(async (trx) => {
      const ended = await replaceKey(trx, user, unusableHash(), { now, graceUntil: null });
      trx.touch('logout', [user]);
      const body = { api_key: 'revoked', grace_ended: ended };
      return changed({ user_id: user, grace_ended: ended }, auditTarget('user', user), body);
    });
    await sayLogout(ctx, user);
    return result;
  },
});
