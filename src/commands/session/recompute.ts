import { defineCommand } from '../../cli/command.ts';
import { reference } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { sessionFields, settled } from './fields.ts';

export const recompute = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 3,
  args: { session: reference('SESSION', 'the session') },
  flags: {},
  fields: sessionFields,
  answer: settled('Recomputed'),
  examples: ['session recompute ses_01'],
  details: `Sets total_pnl, successful_orders and, of an ended session, capital_at_end to what its fills come to: for a session that
doctor ledger names. Peak and drawdown are raised to the present equity while it runs, and never lowered.`,
  async run({ session }, ctx: Context) {
    const { recomputeSession } = await import('../../trading/sessions/recompute-session.ts');
    return recomputeSession(ctx, session);
  },
});
