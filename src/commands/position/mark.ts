import { defineCommand } from '../../cli/command.ts';
import { inputFile, many, optional, text, toggle } from '../../cli/flags.ts';
import type { Context } from '../../context.ts';
import { amountText, formatRupees, signedRupees } from '../../domain/money.ts';
import { usage } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';

export const mark = defineCommand({
  effect: 'write',
  roles: ['cron', 'operator'],
  phase: 2,
  args: { words: many(text('SYMBOL=PRICE', 'a symbol and its price in rupees per share')) },
  flags: {
    file: optional(inputFile('CSV or NDJSON of symbol,price (or symbol,ltp), or - for stdin')),
    fromCache: toggle('mark every open position at its quote in Redis'),
  },
  fields: {
    symbol: { type: 'text' },
    price: { type: 'number', kind: 'price' },
    positions: { type: 'integer' },
    unrealized_pnl: { type: 'money', kind: 'gain' },
    marked_at: { type: 'time', hidden: true, shownWithFlag: 'fromCache', optional: true },
    stale: { type: 'boolean', kind: 'alarm', hidden: true, shownWithFlag: 'fromCache', optional: true },
    problem: { type: 'text', hidden: true, shownWithFlag: 'fromCache', optional: true },
  },
  answer: ({ symbol, price, positions, unrealized_pnl }) => ({
    done: `Marked ${symbol} at ${formatRupees(amountText(price ?? 0))}: ${pluralize(Number(positions), 'position')}, unrealized ${signedRupees(unrealized_pnl ?? 0)}`,
    next: ['position', 'list', '--symbol', symbol],
  }),
  examples: [
    'position mark TCS=4012.50 INFY=1498',
    'position mark --file closing-prices.csv',
    'position mark --from-cache',
  ],
  details: `Values every open position in these symbols, of all users, and updates the drawdown of their sessions. All or nothing.
A price that is more than 20 % off the last one of the trading day (guard.priceMove: quote, mark or fill) is asked about, and needs --yes where nobody is there. A symbol on the command line without an open position ends 3; in a file it is skipped. With --from-cache every open
position with a quote is marked, stale quotes included and named; a position without a quote, or with one that is probably wrong (outside its
own day's range, or more than guard.priceMove off the close of the day before or the last price of the trading day), keeps its mark, is listed
with the problem, and the command ends 6.`,
  async run({ words, file, fromCache }, ctx: Context) {
    if (fromCache && (words.length > 0 || file !== undefined))
      throw usage('--from-cache takes no prices: give one or the other.');
    if (!fromCache && words.length === 0 && file === undefined)
      throw usage('Nothing to mark: give SYMBOL=PRICE, --file or --from-cache.');
    const { bookGivenMarks, markFromCache } = await import('../../trading/positions/book-marks.ts');
    return fromCache ? markFromCache(ctx) : bookGivenMarks(ctx, words, file);
  },
});
