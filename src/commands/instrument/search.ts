import { defineCommand } from '../../cli/command.ts';
import { choice, integer, optional, text, withDefault } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { EXCHANGES } from '../../domain/exchanges.ts';
import { instrumentFields } from './fields.ts';

export const search = defineCommand({
  effect: 'read',
  reads: 'replica',
  phase: 4,
  args: { text: text('TEXT', 'a part of a symbol or name, or an ISIN', 100) },
  flags: {
    exchange: optional(choice(EXCHANGES, 'EXCHANGE', 'of this exchange')),
    limit: withDefault(integer('N', 'at most this many', 1, 1_000), '20'),
  },
  fields: instrumentFields,
  madeBy: 'instrument import',
  examples: [
    'instrument search "state bank"',
    'instrument search BANKNIFTY30DEC26 --exchange NFO --limit 100',
  ],
  details:
    'Symbols that begin with the text come first. What the last scrip master no longer has comes last.',
  async run({ text, exchange, limit }, ctx: Context) {
    const { searchInstruments } = await import('../../trading/instruments/read-instruments.ts');
    return searchInstruments(await ctx.source(), { text, exchange, limit });
  },
});
