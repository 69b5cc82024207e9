import { defineCommand } from '../../cli/command.ts';
import { parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import { aliasFields } from './fields.ts';

export const unalias = defineCommand({
  effect: 'write',
  phase: 4,
  args: { old: parsed(tradingSymbol, 'OLD', 'the old name') },
  flags: {},
  fields: aliasFields,
  answer: ({ old_symbol }) => ({ done: `Removed the new name of ${old_symbol}`, next: ['symbol', 'list'] }),
  examples: ['symbol unalias LTI'],
  details: 'What is booked stays under the name that it has; position unmerge-symbol takes a merge back.',
  async run({ old }, ctx: Context) {
    const { removeAlias } = await import('../../trading/symbols/set-alias.ts');
    return removeAlias(ctx, old);
  },
});
