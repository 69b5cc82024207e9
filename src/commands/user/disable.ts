import { defineCommand } from '../../cli/command.ts';
import { optional, parsed, text } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { setUserEnabled } from '../../trading/users/set-enabled.ts';
import { pluralize } from '../../util/text.ts';
import { switched, userFields } from './fields.ts';
import { sayLogout } from './logins/warn-logout.ts';

export const disable = defineCommand({
  effect: 'write',
  phase: 1,
  args: { user: parsed(userId, 'USER', 'the user') },
  flags: { reason: optional(text('REASON', 'why, for the audit log')) },
  fields: { ...userFields, working_orders: { type: 'integer' } },
  answer: switched('Disabled'),
  examples: [
    'user disable trader_001 --reason "left the desk"',
    'user disable trader_001 --json working_orders',
  ],
  details: `Ends the user's sessions and refuses logins, sessions, strategies and orders, except those that only reduce a position.
The API key is kept but rejected while the user is disabled. Working orders stay unchanged: order cancel --user ends them.`,
  async run({ user, reason }, ctx: Context) {
    const { countWorking } = await import('../../trading/ledger/cancel-orders.ts');
    const disabled = await setUserEnabled(ctx, user, { enabled: false, reason }, async (trx) => ({
      working_orders: await countWorking(trx.db, { user }),
    }));
    await sayLogout(ctx, user);
    if (disabled.working_orders)
      await ctx.io.say(
        `${pluralize(disabled.working_orders, 'working order')} of ${user} may still be filled. To end them: pinnacle order cancel --user ${user}`,
      );
    return disabled;
  },
});
