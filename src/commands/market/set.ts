import { defineCommand, EVERYONE } from '../../cli/command.ts';
import { integer, optional, parsed, price, time } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { instant } from '../../domain/instant.ts';
import { amountText, formatRupees } from '../../domain/money.ts';
import { problemOf, QUOTE_DETAILS, type Quote } from '../../domain/quote.ts';
import { tradingSymbol } from '../../domain/symbol.ts';
import { withoutOlder, writeQuotes } from '../../trading/quotes/store.ts';
import { warnUnusedSymbols } from '../../trading/quotes/warn-unused.ts';
import { refused, usage } from '../../util/failure.ts';
import { quoteFields, show } from './fields.ts';

const rupees = (help: string) => price(`${help}, rupees per share`);

export const set = defineCommand({
  effect: 'write',
  roles: EVERYONE,
  writesTo: 'redis',
  args: { symbol: parsed(tradingSymbol, 'SYMBOL', 'the symbol') },
  flags: {
    ltp: rupees('the last traded price'),
    timestamp: optional(time('the time of the trade (default: now)')),
    bid: optional(rupees('the best bid')),
    ask: optional(rupees('the best ask')),
    open: optional(rupees('the opening price')),
    high: optional(rupees('the highest price of the day')),
    low: optional(rupees('the lowest price of the day')),
    close: optional(rupees('the close of the previous day')),
    volume: optional(integer('SHARES', 'shares traded today', 0, Number.MAX_SAFE_INTEGER)),
  },
  fields: quoteFields,
  answer: ({ symbol, ltp }) => ({
    done: `Set ${symbol} to ${formatRupees(amountText(ltp ?? 0))}`,
    next: ['market', 'get', symbol],
  }),
  examples: [
    'market set TCS --ltp 4012.50',
    'market set TCS --ltp 4012.50 --timestamp 2026-01-30T15:29:58+05:30 --bid 4012.45 --ask 4012.60',
  ],
  details: `Lives for market.lifetime, its time in the form of market.timestamp. A quote older than the one in the
cache is refused (exit 5). Quotes are data: they leave no audit row.`,
  async run(input, ctx: Context) {
    const { symbol, ltp } = input;
    const now = ctx.now();
    const timestamp =
      input.timestamp === undefined ? instant(now) : await ctx.instant('--timestamp', input.timestamp);
    const quote: Quote = { symbol, ltp, timestamp };
    for (const name of QUOTE_DETAILS) if (input[name] !== undefined) quote[name] = input[name];
    const problem = problemOf(quote, now);
    if (problem) throw usage(`Not a valid quote: ${problem}.`);
    const redis = await ctx.redis('market');
    const [newest] = await withoutOlder(redis, [quote], now);
    if (!newest)
      throw refused(
        'QUOTE_OLDER',
        `The cache has a newer quote of ${symbol}.`,
        `See: pinnacle market get ${symbol}`,
      );
    const { market } = await ctx.config();
    if (!ctx.dryRun) await writeQuotes(redis, [newest], market);
    await warnUnusedSymbols([symbol], ctx);
    return show({ symbol, quote }, now, market.staleAfterMs);
  },
});
