import { resolve } from 'node:path';
import { defineCommand } from '../../cli/command.ts';
import { many, optional, text, toggle } from '../../cli/flags.ts';
import { Finding } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { instant, isBefore } from '../../domain/instant.ts';
import type { Mark, Marked } from '../../trading/ledger/mark-positions.ts';
import type { Unmarked } from '../../trading/positions/marks-from-cache.ts';
import { tradingDayOf } from '../../trading/risk/trading-day.ts';
import { Failure, usage } from '../../util/failure.ts';
import { pluralize } from '../../util/text.ts';

export const mark = defineCommand({
  effect: 'write',
  roles: ['cron', 'operator'],
  phase: 2,
  args: { words: many(text('SYMBOL=PRICE', 'what a share is worth')) },
  flags: {
    file: optional(text('FILE', 'a CSV file of symbol,price (or symbol,ltp), or - for stdin', 4_096)),
    fromCache: toggle('every open position, at the quotes in Redis'),
  },
  fields: {
    symbol: { type: 'text' },
    price: { type: 'number' },
    positions: { type: 'integer' },
    unrealized_pnl: { type: 'money' },
    marked_at: { type: 'time', hidden: true, shownBy: 'fromCache' },
    stale: { type: 'boolean', hidden: true, shownBy: 'fromCache' },
    problem: { type: 'text', hidden: true, shownBy: 'fromCache' },
  },
  examples: [
    'position mark TCS=4012.50 INFY=1498',
    'position mark --file closing-prices.csv',
    'position mark --from-cache',
  ],
  details: `Values every open position in these symbols, of all traders, and moves the drawdown of their sessions. All or nothing.
A symbol named here in which nobody has a position ends 3; in a file it is passed over. With --from-cache every open
position is valued that the cache has a quote of, a stale one too, which is said; where it has none the position keeps
its mark, is listed with the problem, and the command ends 6.`,
  async run({ words, file, fromCache }, ctx: Context) {
    if (fromCache && (words.length > 0 || file !== undefined))
      throw usage('--from-cache takes no prices: give one or the other.');
    if (!fromCache && words.length === 0 && file === undefined)
      throw usage('Nothing to mark: give SYMBOL=PRICE, --file or --from-cache.');
    if (fromCache) return markFromCache(ctx);
    const { readMarks } = await import('./parse-marks.ts');
    const path = file === undefined || file === '-' ? file : resolve(ctx.cwd, file);
    const { marks, named } = await readMarks(words, path, ctx);
    const marked = await book(marks, named, ctx, (rows) => rows);
    const passed = marks.length - marked.length;
    if (passed > 0) await ctx.io.say(`Passed over ${pluralize(passed, 'symbol')} that nobody holds.`);
    return marked;
  },
});

/** Books marks in one transaction; each of the named symbols must be held by somebody. */
async function book<T>(
  marks: readonly Mark[],
  named: ReadonlySet<string>,
  ctx: Context,
  present: (marked: Marked[]) => T,
): Promise<T> {
  const { markPositions } = await import('../../trading/ledger/mark-positions.ts');
  const at = instant(ctx.now());
  return ctx.change(async (trx) => {
    const marked = await markPositions(trx, marks, at);
    const hit = new Set(marked.map(({ symbol }) => symbol));
    const missed = [...named].filter((symbol) => !hit.has(symbol));
    if (missed.length > 0) throw nobodyHolds(missed);
    const entry = marked.length > 0 ? { target: 'positions', body: audit(marked) } : null;
    return { result: present(marked), audit: entry };
  });
}

async function markFromCache(ctx: Context) {
  const { marksFromQuotes } = await import('../../trading/positions/marks-from-cache.ts');
  const [{ marks, unmarked }, { staleBefore }] = [
    await marksFromQuotes(ctx),
    await tradingDayOf(ctx.now(), ctx),
  ];
  const isStale = ({ marked_at }: Marked) => marked_at !== null && isBefore(marked_at, staleBefore);
  let stale: Marked[] = [];
  const result = await book(marks, new Set(), ctx, (marked) => {
    stale = marked.filter(isStale);
    const rows = [...marked.map((each) => ({ ...each, stale: isStale(each) })), ...unmarked];
    return unmarked.length > 0 ? new Finding(rows) : rows;
  });
  if (stale.length > 0) await ctx.io.say(`Stale quotes: ${symbolsOf(stale)}`);
  for (const each of unmarked) await ctx.io.warn(sentence(each));
  return result;
}

const symbolsOf = (rows: readonly { symbol: string }[]) => rows.map(({ symbol }) => symbol).join(', ');

const sentence = ({ symbol, positions, problem }: Unmarked) =>
  `${symbol} (${pluralize(positions, 'position')}) is not marked: ${problem}.`;

// An audit row names this many marks; their number is whole.
const NAMED = 1_000;

function audit(marked: readonly Marked[]) {
  const positions = marked.reduce((sum, each) => sum + each.positions, 0);
  return { symbols: marked.length, positions, marks: marked.slice(0, NAMED) };
}

function nobodyHolds(symbols: readonly string[]): Failure {
  return new Failure(
    'notFound',
    'POSITION_NOT_FOUND',
    `Nobody has an open position in ${symbols.join(', ')}.`,
    {
      hint: 'Nothing was marked. See: pinnacle position list',
    },
  );
}
