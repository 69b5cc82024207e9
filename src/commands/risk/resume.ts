import { defineCommand } from '../../cli/command.ts';
import { text, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { haltFields } from './fields.ts';
import { userUnlessAll } from './flags.ts';

export const resume = defineCommand({
  effect: 'destroy',
  repeat: 'once',
  phase: 4,
  args: { user: userUnlessAll },
  flags: {
    all: toggle('end the halt of everyone'),
    reason: text('REASON', 'why trading may resume'),
  },
  fields: {
    ...haltFields,
    resumed_by: { type: 'text' },
    resumed_reason: { type: 'text' },
    resumed_at: { type: 'time' },
  },
  answer: ({ halt_id, user_id, resumed_reason }) => ({
    done: `Resumed trading for ${user_id ?? 'everyone'}: ${resumed_reason}`,
    next: ['strategy', 'resume', '--all', '--halt', halt_id],
  }),
  examples: [
    'risk resume trader_001 --reason "strategy fixed" --confirm trader_001',
    'risk resume --all --reason "exchange is back" --confirm all',
  ],
  details: `Lifts one halt: that of the user, or with --all that of everyone; the other stays in force. Strategies that the halt
paused stay PAUSED until strategy resume, of each or of all that the halt paused; cancelled orders stay CANCELLED.`,
  async run({ user, all, reason }, ctx: Context) {
    const { resumeTrading } = await import('../../trading/risk/resume-trading.ts');
    return resumeTrading(ctx, { user, all, reason });
  },
});
