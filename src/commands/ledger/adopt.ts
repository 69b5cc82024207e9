import { defineCommand } from '../../cli/command.ts';
import { formerly, identifier, optional, parsed, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { usage } from '../../util/failure.ts';
import { parts } from '../_shared/parts.ts';

export const adopt = defineCommand({
  effect: 'write',
  multiStep: true,
  entries: 'each',
  repeat: 'resumes',
  phase: 4,
  args: { user: formerly('flag', optional(parsed(userId, 'USER', 'the book of this user'))) },
  flags: {
    all: toggle('the books of everyone'),
    undo: optional(identifier('RUN', 'take this adoption back, as long as nothing was booked on it')),
  },
  fields: {
    run_id: { type: 'text' },
    user_id: { type: 'text' },
    fills: { type: 'integer' },
    positions: { type: 'integer', optional: true },
    balances: { type: 'integer', optional: true },
    repaired: { type: 'integer' },
    capital: { type: 'money', optional: true },
    realized_pnl_before: { type: 'money', kind: 'gain', optional: true },
    realized_pnl_after: { type: 'money', kind: 'gain', optional: true },
    unrealized_pnl_before: { type: 'money', kind: 'gain', optional: true },
    unrealized_pnl_after: { type: 'money', kind: 'gain', optional: true },
    left: { type: 'integer', optional: true },
    note: { type: 'text', optional: true },
  },
  answer: ({ user_id, fills, positions, balances, repaired, left }) => ({
    done: `${balances === undefined ? 'Took over' : 'Gave back'} the book of ${user_id}: ${parts({ fills, positions, balances, repaired, 'left to doctor ledger': left })}`,
    next: ['doctor', 'ledger', '--user', user_id],
  }),
  examples: ['ledger adopt --all --dry-run', 'ledger adopt trader_001 --yes'],
  details: `Orders that other programs filled get an execution at their price, marked as adopted, which moves nothing; positions,
capital, strategies and sessions get opening balances; rows that contradict themselves are put right: a status that does not say
what is filled, several OPEN positions in one symbol, a CLOSED one with shares. No capital, position or realized P&L moves: they are
compared before and after. One transaction per user; repeat it whenever doctor ledger names rows of other programs.`,
  async run({ user, all, undo }, ctx: Context) {
    if ([user !== undefined, all, undo !== undefined].filter(Boolean).length !== 1)
      throw usage('Give one of USER, --all and --undo.');
    const { adoptOrUndo } = await import('../../trading/adoption/adopt-ledger.ts');
    return adoptOrUndo(ctx, user, undo);
  },
});
