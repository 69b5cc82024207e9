import { defineCommand } from '../../cli/command.ts';
import { text, toggle, withDefault } from '../../cli/flags.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { pluralize } from '../../util/text.ts';
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
    at_broker: { type: 'integer' },
    left: {
      type: 'rows',
      of: {
        order_id: { type: 'text' },
        user_id: { type: 'text' },
        broker_order_id: { type: 'text' },
        status: { type: 'text', kind: 'state' },
        why: { type: 'text' },
      },
    },
  },
  answer: ({ user_id, reason, orders_cancelled, strategies_paused }) => ({
    done: `Halted trading for ${user_id ?? 'everyone'}: ${reason} (${pluralize(Number(orders_cancelled), 'order')} cancelled, ${pluralize(Number(strategies_paused), 'strategy', 'strategies')} paused)`,
    next: ['risk', 'status'],
  }),
  examples: [
    'risk halt trader_001 --reason "runaway strategy" --yes',
    'risk halt --all --reason "exchange outage" --yes',
  ],
  details: `The kill switch: halts, which no broker can keep it from, then cancels every working order, keeping what is filled, and
pauses every active strategy. Until risk resume, only cancels and orders that reduce a position pass. Orders that the broker
has are cancelled there, within broker.rateLimits, and CANCELLED here once it says so. What works there still, or may, is in the
column left, with the reason; then it ends 6, or 7 where the books of the broker did not come, and halting again goes on with
it. Halting again keeps the first reason, cancels what is working and pauses what is active.`,
  async run({ user, all, reason }, ctx: Context) {
    const { haltAndCancel } = await import('../../trading/broker/halt-and-cancel.ts');
    const { unreachable, ...row } = await haltAndCancel(ctx, { user, all, reason });
    return row.left.length > 0 ? new Finding(row, unreachable ? 'unreachable' : 'found') : row;
  },
});
