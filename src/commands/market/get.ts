import { defineCommand } from '../../cli/command.ts';
import { many, parsed } from '../../cli/flags.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import { readQuotes } from '../../trading/quotes/store.ts';
import { Failure } from '../../util/failure.ts';
import { quoteFields, show } from './fields.ts';

export const get = defineCommand({
  effect: 'read',
  args: {
    symbol: parsed(tradingSymbol, 'SYMBOL', 'a symbol'),
    more: many(parsed(tradingSymbol, 'SYMBOL', 'further symbols')),
  },
  flags: {},
  fields: quoteFields,
  examples: ['market get TCS', 'market get TCS INFY --json symbol,ltp,stale'],
  details: `Exits 3 if a symbol is not in the cache. Malformed entries have no price; they are reported and the command exits 6.`,
  async run({ symbol, more }, ctx: Context) {
    const symbols = [...new Set([symbol, ...more])];
    const [now, { market }] = [ctx.now(), await ctx.config()];
    const readings = await readQuotes(await ctx.redis('market'), symbols, now);
    const missing = symbols.filter((_symbol, i) => readings[i] === undefined);
    if (missing.length > 0)
      throw new Failure('notFound', 'QUOTE_NOT_FOUND', `The cache has no quote of ${missing.join(', ')}.`, {
        hint: 'See: pinnacle market list',
      });
    const found = readings.filter((reading) => reading !== undefined);
    const bad = found.filter(({ unreadable }) => unreadable !== undefined);
    for (const each of bad)
      await ctx.io.warn(`The quote of ${each.symbol} cannot be read: ${each.unreadable}.`);
    const rows = found.map((reading) => show(reading, now, market.staleAfterMs));
    return bad.length > 0 ? new Finding(rows) : rows;
  },
});
