import { resolve } from 'node:path';
import { defineCommand } from '../cli/command.ts';
import { CliError, usage } from '../cli/errors.ts';
import { many, optional, text } from '../cli/flags.ts';
import type { Context } from '../context.ts';
import type { Marked } from '../ledger/mark.ts';
import { count } from '../util/text.ts';

export const mark = defineCommand({
  effect: 'write',
  phase: 2,
  args: { words: many(text('SYMBOL=PRICE', 'what a share is worth')) },
  flags: {
    file: optional(text('FILE', 'a CSV file of symbol,price (or symbol,ltp), or - for stdin', 4_096)),
  },
  fields: {
    symbol: { type: 'text' },
    price: { type: 'number' },
    positions: { type: 'integer' },
    unrealized_pnl: { type: 'money' },
  },
  examples: ['position mark TCS=4012.50 INFY=1498', 'position mark --file closing-prices.csv'],
  details: `Values every open position in these symbols, of all traders, and moves the drawdown of their sessions. All or nothing.
A symbol named here in which nobody has a position ends 3; in a file it is passed over.`,
  async run({ words, file }, ctx: Context) {
    if (words.length === 0 && file === undefined)
      throw usage('Nothing to mark: give SYMBOL=PRICE or --file.');
    const [{ readMarks }, { markPositions }] = await Promise.all([
      import('./marks.ts'),
      import('../ledger/mark.ts'),
    ]);
    const path = file === undefined || file === '-' ? file : resolve(ctx.cwd, file);
    const { marks, named } = await readMarks(words, path, ctx.io);
    const [phase, at] = [await ctx.phase(), ctx.now().toISOString()];
    const marked = await ctx.change(async (trx) => {
      const result = await markPositions(trx, marks, phase, at);
      const hit = new Set(result.map(({ symbol }) => symbol));
      const missed = [...named].filter((symbol) => !hit.has(symbol));
      if (missed.length > 0) throw nobodyHolds(missed);
      return { result, audit: result.length > 0 ? { target: 'positions', body: audit(result) } : null };
    });
    const passed = marks.length - marked.length;
    if (passed > 0) await ctx.io.say(`Passed over ${count(passed, 'symbol')} that nobody holds.`);
    return marked;
  },
});

// An audit row names this many marks; their number is whole.
const NAMED = 1_000;

function audit(marked: readonly Marked[]) {
  const positions = marked.reduce((sum, each) => sum + each.positions, 0);
  return { symbols: marked.length, positions, marks: marked.slice(0, NAMED) };
}

function nobodyHolds(symbols: readonly string[]): CliError {
  return new CliError(
    'notFound',
    'POSITION_NOT_FOUND',
    `Nobody has an open position in ${symbols.join(', ')}.`,
    {
      hint: 'Nothing was marked. See: pinnacle position list',
    },
  );
}
