import { defineCommand } from '../../cli/command.ts';
import { parsed, requiredUnless, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { userId } from '../../domain/id.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import { usage } from '../../util/failure.ts';
import { merged, mergeFields } from './fields.ts';

export const mergeSymbol = defineCommand({
  effect: 'write',
  multiStep: true,
  entries: 'each',
  repeat: 'resumes',
  phase: 4,
  args: { old: parsed(tradingSymbol, 'OLD', 'the old name, which has a symbol alias') },
  flags: {
    user: requiredUnless('all', parsed(userId, 'USER', 'the book of this user')),
    all: toggle('the books of everyone'),
  },
  fields: mergeFields,
  answer: merged((old, now) => `Merged ${old} into ${now}`),
  examples: [
    'position merge-symbol LTI --all --dry-run',
    'position merge-symbol LTI --user trader_001 --yes',
  ],
  details: `Orders, executions and positions under OLD get the name that its alias leads to, and the positions of each strategy are
rebuilt from the executions under both names, by time; capital, strategies and sessions follow. One transaction per user:
after an interruption, run it again. Refused while an order under OLD works, because the broker knows it so.
position unmerge-symbol takes a merge back.`,
  async run({ old, user, all }, ctx: Context) {
    if (user !== undefined && all) throw usage('Name a --user or give --all, not both.');
    const { mergeSymbol } = await import('../../trading/symbols/merge-symbol.ts');
    return mergeSymbol(ctx, old, user);
  },
});
