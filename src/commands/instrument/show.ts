import { defineCommand } from '../../cli/command.ts';
import { choice, optional, parsed } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { EXCHANGES } from '../../domain/exchanges.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import { instrumentFields } from './fields.ts';

export const show = defineCommand({
  effect: 'read',
  reads: 'replica',
  phase: 4,
  args: { symbol: parsed(tradingSymbol, 'SYMBOL', 'the symbol, with its series or without') },
  flags: { exchange: optional(choice(EXCHANGES, 'EXCHANGE', 'at this exchange (default: all)')) },
  fields: instrumentFields,
  examples: ['instrument show SBIN', 'instrument show SBIN --exchange NSE --json token,tick,lot'],
  details: `One row for each exchange and series; the first of an exchange is the one that an order means. tick and strike are rupees.`,
  async run({ symbol, exchange }, ctx: Context) {
    const { instrumentsOf } = await import('../../trading/instruments/read-instruments.ts');
    return instrumentsOf(await ctx.source(), symbol, exchange);
  },
});
