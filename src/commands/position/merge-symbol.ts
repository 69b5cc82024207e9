import { defineCommand } from '../../cli/command.ts';
import { identifier, optional, parsed, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import { usage } from '../../util/failure.ts';

export const mergeSymbol = defineCommand({
  effect: 'write',
  multiStep: true,
  entries: 'each',
  repeat: 'resumes',
  phase: 4,
  args: { old: optional(parsed(tradingSymbol, 'OLD', 'the old name, which has a symbol alias')) },
  flags: {
    user: optional(parsed(userId, 'USER', 'the book of this user')),
    all: toggle('the books of everyone'),
    undo: optional(identifier('MERGE', 'take back the merge with this id')),
  },
  fields: {
    merge_id: { type: 'text' },
    user_id: { type: 'text' },
    old_symbol: { type: 'text' },
    new_symbol: { type: 'text' },
    orders: { type: 'integer' },
    executions: { type: 'integer' },
    positions: { type: 'integer' },
    credited: { type: 'money' },
  },
  examples: [
    'position merge-symbol LTI --all --dry-run',
    'position merge-symbol LTI --user trader_001 --yes',
    'position merge-symbol --undo mrg_01 --yes',
  ],
  details: `Orders, executions and positions under OLD get the name that its alias leads to, and the positions of each strategy are
rebuilt from the executions under both names, by time; capital, strategies and sessions follow. One transaction per user:
after an interruption, run it again. Refused while an order under OLD works, because the broker knows it so.
--undo takes a merge back, of everyone or of --user, unless something was booked, corrected or merged on top of it.`,
  async run({ old, user, all, undo }, ctx: Context) {
    if (user !== undefined && all) throw usage('Name a --user or give --all, not both.');
    if (undo !== undefined) {
      if (old !== undefined) throw usage('--undo takes no OLD: the merge has it.');
      const { undoMerge } = await import('../../trading/symbols/undo-merge.ts');
      return undoMerge(ctx, undo, user);
    }
    if (old === undefined) throw usage('Which symbol: give OLD, or --undo with the id of a merge.');
    if (user === undefined && !all) throw usage('Whose book: name a --user, or give --all.');
    const { mergeSymbol } = await import('../../trading/symbols/merge-symbol.ts');
    return mergeSymbol(ctx, old, user);
  },
});
