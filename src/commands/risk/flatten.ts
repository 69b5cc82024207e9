import { defineCommand } from '../../cli/command.ts';
import { text, toggle, withDefault } from '../../cli/flags.ts';
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
    all: toggle('everyone'),
    reason: withDefault(text('REASON', 'why trading is halted, shown until it is resumed'), 'flatten'),
    positionsOnly: toggle('close positions alone: halt nothing, and leave orders and strategies'),
    send: toggle('hand the exits to the broker at once'),
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
    'risk flatten trader_001 --reason "runaway strategy" --send --confirm trader_001',
    'risk flatten trader_001 --at TCS=4012.50 --confirm trader_001',
    'risk flatten --all --reason "exchange outage" --send --confirm all',
  ],
  details: `Three stages after one confirmation, so that nothing opens again what is closed: halts as risk halt does; cancels every working
order, at the broker too, and pauses every active strategy; then ${exitDetails} Exits of an earlier run are spared: a MARKET order that closes
exactly what is open goes on working. With --send the exits, also those of an earlier run that were not sent, go to the broker at once, as by
order send, within broker.rateLimits; what it does not accept is listed with the problem. An order that works at the broker still is listed
without a position_id; then it ends 6, or 7 where the broker did not answer. Every stage stands once it is done: another run goes on with what
is left, and it ends 10 where only the halt was reached. Trading stays halted until risk resume. --positions-only closes without a halt, and
says which orders may open positions again.`,
  async run({ user, all, reason, positionsOnly, send, at, fromCache }, ctx: Context) {
    if (user !== undefined && all) throw usage('Name a USER or give --all, not both.');
    const use = await import('../../trading/exits/flatten.ts');
    return use.flatten(ctx, { user, reason, positionsOnly, given: at ?? [], fromCache, send });
  },
});
