import { defineCommand } from '../../cli/command.ts';
import { parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { sayLogout } from './logins/warn-logout.ts';

export const revokeKey = defineCommand({
  effect: 'destroy',
  phase: 1,
  args: { user: parsed(userId, 'USER', 'the user') },
  flags: {},
  fields: { user_id: { type: 'text' }, grace_ended: { type: 'integer' } },
  answer: ({ user_id }) => ({
    done: `Revoked the API key of ${user_id}`,
    next: ['user', 'rotate-key', user_id],
  }),
  examples: ['user revoke-key trader_001 --yes'],
  details: `Ends the key, every replaced key that is still accepted, and the user's sessions. To issue a new key: pinnacle user
rotate-key`,
  async run({ user }, ctx: Context) {
    const { revokeApiKeys } = await import('../../trading/users/end-keys.ts');
    await ctx.confirm(`Revoke every API key of ${user}?`);
    const result = await revokeApiKeys(ctx, user);
    await sayLogout(ctx, user);
    return result;
  },
});
