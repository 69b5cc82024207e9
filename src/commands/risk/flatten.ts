import { defineCommand } from '../../cli/command.ts';
import { toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { usage } from '../../util/failure.ts';
import { closingFields, exitDetails, exitPriceFlags } from '../_shared/closing.ts';
import { userUnlessAll } from './flags.ts';

export const flatten = defineCommand({
  effect: 'destroy',
  repeat: 'resumes',
  multiStep: true,
  phase: 4,
  args: { user: userUnlessAll },
  flags: {
    all: toggle('the positions of everyone'),
    send: toggle('hand the orders to the broker at once'),
    ...exitPriceFlags,
  },
  fields: {
    position_id: { type: 'text', minor: true },
    user_id: { type: 'text' },
    strategy_id: { type: 'text', minor: true },
    symbol: { type: 'text' },
    side: { type: 'text', kind: 'state' },
    quantity: { type: 'integer' },
    unrealized_pnl: { type: 'money', kind: 'gain' },
    status: { type: 'text', kind: 'state', minor: true },
    ...closingFields,
    problem: { type: 'text' },
  },
  examples: [
    'risk flatten trader_001 --dry-run',
    'risk flatten trader_001 --at TCS=4012.50 --confirm trader_001',
    'risk flatten --all --send --confirm all',
  ],
  details: `Halt first, so that nothing is entered meanwhile: risk halt also cancels working exits. Then it ${exitDetails} With --send the
orders, also those of an earlier run that were not sent, go to the broker at once, as by order send, within broker.rateLimits; what it does
not accept is listed with the problem.`,
  async run({ user, all, send, at, fromCache }, ctx: Context) {
    if (user !== undefined && all) throw usage('Name a USER or give --all, not both.');
    const use = await import('../../trading/exits/close-positions.ts');
    return use.flatten(ctx, { user, given: at ?? [], fromCache, send });
  },
});
