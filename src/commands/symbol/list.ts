import { defineCommand } from '../../cli/command.ts';
import type { Context } from '../../context.ts';
import { aliasFields } from './fields.ts';

export const list = defineCommand({
  effect: 'read',
  reads: 'replica',
  phase: 4,
  args: {},
  flags: {},
  fields: aliasFields,
  madeBy: 'symbol alias',
  examples: ['symbol list', 'symbol list --json old_symbol,users'],
  details:
    'An alias is in force always, or from the trading day of from_date on. users counts who has orders under the old name.',
  async run(_input, ctx: Context) {
    const { countBooked, readAliases } = await import('../../trading/symbols/aliases.ts');
    const source = await ctx.source();
    const aliases = await readAliases(source);
    const booked = await countBooked(
      source,
      aliases.map(({ old_symbol }) => old_symbol),
    );
    return aliases.map((alias) => ({ ...alias, users: booked.get(alias.old_symbol) ?? 0 }));
  },
});
