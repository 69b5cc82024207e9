import { auditTarget, changed } from '../../../audit/outcome.ts';
import { defineCommand } from '../../../cli/command.ts';
import { parsed } from '../../../cli/flags.ts';
import type { Context } from '../../../context.ts';
import { userId } from '../../../domain/id.ts';
import { lockUser } from '../../../trading/users/store.ts';
import { sayLogout } from './warn-logout.ts';

export const revokeAll = defineCommand({
  effect: 'write',
  roles: ['cron', 'operator'],
  phase: 1,
  args: { user: parsed(userId, 'USER', 'the user') },
  flags: {},
  fields: { user_id: { type: 'text' } },
  answer: ({ user_id }) => ({ done: `Ended every login of ${user_id}` }),
  examples: ['user logins revoke-all trader_001'],
  details: `Ends every existing session. While Redis is unreachable it exits 8, and the sessions end as soon as Redis is back. The user
may log in again at once; to prevent that: user disable, or user rotate-key.`,
  async run({ user }, ctx: Context) {
    if (!(await ctx.config()).redis) throw (await import('../../../platform/redis/settings.ts')).noRedis();
    const result = await ctx.change(async (trx) => {
      await lockUser(trx, user);
      trx.touch('logout', [user]);
      return changed({ user_id: user }, auditTarget('user', user), { revoked: 'all sessions' });
    });
    await sayLogout(ctx, user);
    return result;
  },
});
