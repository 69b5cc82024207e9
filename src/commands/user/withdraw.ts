import { defineCommand } from '../../cli/command.ts';
import { toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { usage } from '../../util/failure.ts';
import { moved, movedFields, movementArgs, movementFlags } from './flow-fields.ts';

export const withdrawMoney = defineCommand({
  effect: 'write',
  phase: 4,
  args: movementArgs,
  flags: {
    ...movementFlags,
    force: toggle('book it even if it is more than is free; needs --reason'),
  },
  fields: movedFields,
  answer: moved('Withdrawn'),
  examples: [
    'user withdraw trader_001 50000 --reference UTR4712',
    'user withdraw trader_001 900000 --force --reason "account is closed"',
  ],
  details: `The capital falls by it, and so does the start of a running session: a withdrawal is no loss. What is free is the capital
less what ACTIVE and PAUSED strategies have set aside, and less what open positions lose at their marks; gains of others do not count.
More than that is refused (FREE_CAPITAL) without --force. --reference as in user deposit.`,
  async run({ force, ...movement }, ctx: Context) {
    if (force && movement.reason === undefined) throw usage('--force needs a --reason.');
    const { withdraw } = await import('../../trading/flows/move-money.ts');
    return withdraw(ctx, movement, force);
  },
});
