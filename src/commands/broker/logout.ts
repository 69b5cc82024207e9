import { defineCommand } from '../../cli/command.ts';
import { parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';

export const logout = defineCommand({
  effect: 'write',
  phase: 4,
  repeat: 'resumes',
  args: { user: parsed(userId, 'USER', 'the trader') },
  flags: {},
  fields: {
    user_id: { type: 'text' },
    client_code: { type: 'text' },
    logged_out: { type: 'boolean' },
  },
  answer: ({ user_id, logged_out }) => ({
    done: logged_out ? `Logged out ${user_id}` : `There was no session of ${user_id} to end`,
    next: ['broker', 'status', user_id],
  }),
  examples: ['broker logout trader_001'],
  details: `Ends the session at the broker and removes the token here. Where the broker does not answer, nothing changes (exit 7).
Orders that work at the broker go on working.`,
  async run({ user }, ctx: Context) {
    const { logOutTrader } = await import('../../trading/broker/log-in-traders.ts');
    return logOutTrader(ctx, user);
  },
});
