import { resolve } from 'node:path';
import { defineCommand } from '../cli/command.ts';
import { readCsv } from '../cli/csv-input.ts';
import { CliError, usage } from '../cli/errors.ts';
import { many, optional, parsed, text } from '../cli/flags.ts';
import type { Context } from '../context.ts';
import type { Mark } from '../ledger/mark.ts';
import { count } from '../util/text.ts';
import { parseQuote, QUOTE_COLUMNS, quote } from './quote.ts';

export const mark = defineCommand({
  effect: 'write',
  phase: 2,
  args: { quotes: many(parsed(quote, 'SYMBOL=PRICE', 'what a share is worth')) },
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
  async run({ quotes, file }, ctx: Context) {
    const { markPositions } = await import('../ledger/mark.ts');
    const fromFile = file === undefined ? [] : await readMarks(file, ctx);
    const marks = distinct([...quotes, ...fromFile]);
    if (marks.length === 0) throw usage('Nothing to mark: give SYMBOL=PRICE or --file.');
    const [phase, at] = [await ctx.phase(), ctx.now().toISOString()];
    return ctx.change(async (trx) => {
      const marked = await markPositions(trx, marks, phase, at);
      const hit = new Set(marked.map(({ symbol }) => symbol));
      const missed = quotes.filter(({ symbol }) => !hit.has(symbol));
      if (missed.length > 0) throw nobodyHolds(missed);
      if (hit.size < marks.length)
        await ctx.io.say(`Passed over ${count(marks.length - hit.size, 'symbol')} that nobody holds.`);
      const body = { marks: marked.length, first: marked.slice(0, NAMED) };
      return { result: marked, audit: marked.length > 0 ? { target: 'positions', body } : null };
    });
  },
});

// An audit row names this many marks; their number is whole.
const NAMED = 1_000;

async function readMarks(file: string, ctx: Context): Promise<Mark[]> {
  const path = file === '-' ? '-' : resolve(ctx.cwd, file);
  const name = file === '-' ? 'stdin' : path;
  const marks: Mark[] = [];
  for await (const { line, values } of (await readCsv(path, QUOTE_COLUMNS, ctx.io)).rows) {
    const read = parseQuote(values['symbol'] ?? '', values['price'] || values['ltp'] || '');
    if ('reason' in read) throw usage(`${name}, line ${line}: ${read.reason}. Nothing was marked.`);
    marks.push(read);
  }
  return marks;
}

function distinct(marks: readonly Mark[]): Mark[] {
  const prices = new Map<string, number>();
  for (const { symbol, price } of marks) {
    const before = prices.get(symbol);
    if (before !== undefined && before !== price)
      throw usage(`${symbol} is marked twice, at ${before} and at ${price}. Nothing was marked.`);
    prices.set(symbol, price);
  }
  return [...prices].map(([symbol, price]) => ({ symbol, price }));
}

function nobodyHolds(marks: readonly Mark[]): CliError {
  const symbols = marks.map(({ symbol }) => symbol).join(', ');
  return new CliError('notFound', 'POSITION_NOT_FOUND', `Nobody has an open position in ${symbols}.`, {
    hint: 'Nothing was marked. See: pinnacle position list',
  });
}
