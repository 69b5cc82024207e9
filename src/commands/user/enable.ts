import { defineCommand } from '../../cli/command.ts';
import { optional, parsed, text } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { setUserEnabled } from '../../trading/users/set-enabled.ts';
import { switched, userFields } from './fields.ts';

export const enable = defineCommand({
  effect: 'write',
  phase: 1,
  args: { user: parsed(userId, 'USER', 'the user') },
  flags: { reason: optional(text('REASON', 'why, for the audit log')) },
  fields: userFields,
  answer: switched('Enabled'),
  examples: ['user enable trader_001', 'user enable trader_001 --reason "reviewed with compliance"'],
  details: `The previous API key is accepted again. Ended sessions stay ended; strategies that were active are still active and place
orders again.`,
  run: ({ user, reason }, ctx: Context) =>
    setUserEnabled(ctx, user, { enabled: true, reason }, async () => ({})),
});
