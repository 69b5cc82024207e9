import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { moved, movedFields, movementArgs, movementFlags } from './flow-fields.ts';

export const depositMoney = defineCommand({
  effect: 'write',
  phase: 4,
  args: movementArgs,
  flags: movementFlags,
  fields: movedFields,
  answer: moved('Deposited'),
  examples: [
    'user deposit trader_001 200000 --reference UTR4711',
    'user deposit trader_001 200000 --day 2026-01-30 --reason "added capital"',
  ],
  details: `The capital rises by it, and so does the start of a running session: a deposit is no result. Under a --reference it is
booked once: the same again changes nothing, with another amount or --day it is refused (FLOW_CONFLICT). What was booked by mistake is
countered by user reverse-flow.`,
  async run(movement, ctx: Context) {
    const { deposit } = await import('../../trading/flows/move-money.ts');
    return deposit(ctx, movement);
  },
});
