import { defineCommand } from '../../cli/command.ts';
import { text, toggle, withDefault } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { haltFields } from './fields.ts';
import { userUnlessAll } from './flags.ts';

export const halt = defineCommand({
  effect: 'destroy',
  multiStep: true,
  phase: 4,
  args: { user: userUnlessAll },
  flags: {
    all: toggle('halt everyone'),
    reason: withDefault(text('REASON', 'the reason, shown while trading is halted'), 'not given'),
  },
  fields: {
    ...haltFields,
    orders_cancelled: { type: 'integer' },
    strategies_paused: { type: 'integer' },
  },
  examples: [
    'risk halt trader_001 --reason "runaway strategy" --yes',
    'risk halt --all --reason "exchange outage" --yes',
  ],
  details: `The kill switch: cancels every working order, keeping what is filled, and pauses every active strategy. Until
risk resume, only cancels and orders that reduce a position pass. Halting again keeps the first
reason, cancels what is working and pauses what is active.`,
  async run({ user, all, reason }, ctx: Context) {
    const { haltTrading } = await import('../../trading/risk/halt-trading.ts');
    return haltTrading(ctx, { user, all, reason });
  },
});
