import { defineCommand } from '../../cli/command.ts';
import { day, optional, parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import { usage } from '../../util/failure.ts';
import { aliasFields } from './fields.ts';

export const alias = defineCommand({
  effect: 'write',
  repeat: 'once',
  phase: 4,
  args: {
    old: parsed(tradingSymbol, 'OLD', 'the old name'),
    new: parsed(tradingSymbol, 'NEW', 'the new name of the same share'),
  },
  flags: { from: optional(day('the trading day from which the new name is valid (default: always)')) },
  fields: aliasFields,
  answer: ({ old_symbol, new_symbol, from_date }) => ({
    done: `${old_symbol} is ${new_symbol} now${from_date ? `, from ${from_date} on` : ''}`,
    next: ['position', 'merge-symbol', old_symbol, '--all', '--dry-run'],
  }),
  examples: ['symbol alias LTI LTIM --from 2022-12-05', 'symbol alias MCDOWELL-N UNITDSPR'],
  details: `Both names are one share, of which a trade under one and a trade under the other must meet. As soon as the alias is in force,
always or from the trading day of --from on, every row under OLD that is imported is booked under NEW, whatever its date: trades,
orders, marks and quotes. What is booked under OLD stays there until position merge-symbol moves it.
If NEW has a new name itself, OLD means the last one. An alias that leads back to its own name is refused, and so is a second
new name of OLD. The same alias with another --from replaces it. users counts who has orders under OLD.`,
  async run({ old: old_symbol, new: new_symbol, from }, ctx: Context) {
    if (old_symbol === new_symbol) throw usage(`${old_symbol} and ${new_symbol} are one name.`);
    const { setAlias } = await import('../../trading/symbols/set-alias.ts');
    return setAlias(ctx, { old_symbol, new_symbol }, from);
  },
});
