import type { Context } from '../../context.ts';
import { PRICE, refusal, SYMBOL } from '../../domain/file-values.ts';
import type { TradingSymbol } from '../../domain/symbol.ts';
import { namedRows, openTable } from '../../platform/files/open-table.ts';
import { rejectedLinesError } from '../../platform/files/rejects-file.ts';
import { usage } from '../../util/failure.ts';
import { truncate } from '../../util/text.ts';
import type { Mark } from '../ledger/mark-positions.ts';

/** A price; in a file of quotes, the last traded price and its time. */
const COLUMNS = {
  example: 'symbol,price',
  required: ['symbol'],
  optional: ['price', 'ltp', 'timestamp'],
} as const;

/** Marks, one per symbol, and the symbols that were named as arguments. */
export interface GivenMarks {
  marks: Mark[];
  named: Set<TradingSymbol>;
}

/**
 * The marks of `SYMBOL=PRICE` words and of the rows of a CSV file (`-` is stdin), under the names that `rename` gives. Throws
 * a usage error that names the word or the line.
 */
export async function readMarks(
  words: readonly string[],
  path: string | undefined,
  rename: (symbol: TradingSymbol) => TradingSymbol,
  around: Pick<Context, 'io' | 'signal'>,
): Promise<GivenMarks> {
  const prices = new Map<TradingSymbol, number>();
  const add = (where: string, { symbol: given, price }: Mark) => {
    const symbol = rename(given);
    const before = prices.get(symbol);
    if (before !== undefined && before !== price)
      throw usage(`${where}: ${symbol} is marked twice, at ${before} and at ${price}.`, UNTOUCHED);
    prices.set(symbol, price);
  };
  for (const word of words) add(`"${truncate(word)}"`, parseWord(word));
  const named = new Set(prices.keys());
  if (path !== undefined) for await (const { where, mark } of rowsOf(path, around)) add(where, mark);
  return { marks: [...prices].map(([symbol, price]) => ({ symbol, price, marked_at: null })), named };
}

const UNTOUCHED = 'Nothing was marked.';
const NAMED = 10;

function parseWord(word: string): Mark {
  const [symbol = '', price, ...more] = word.split('=');
  if (price === undefined || more.length > 0)
    throw usage(`"${truncate(word)}" is no mark.`, 'Write SYMBOL=PRICE, such as TCS=4012.50.');
  return parseMark(`"${truncate(word)}"`, symbol, price);
}

async function* rowsOf(
  path: string,
  around: Pick<Context, 'io' | 'signal'>,
): AsyncGenerator<{ where: string; mark: Mark }> {
  const table = await openTable(path, COLUMNS, around);
  const { name } = table;
  let empty = true;
  for await (const { rows, bad } of namedRows(table)) {
    if (bad.length > 0) throw rejectedLinesError(bad.slice(0, NAMED), bad.length, UNTOUCHED);
    for (const { line, values } of rows) {
      const { symbol = '', price, ltp } = values;
      if ((price && ltp) || (price ?? ltp) === undefined)
        throw usage(`${name} needs one column with prices, price or ltp.`, UNTOUCHED);
      const where = `${name}, line ${line}`;
      yield { where, mark: parseMark(where, symbol, price || ltp || '') };
      empty = false;
    }
  }
  if (empty)
    throw usage(
      `There are no marks in ${name}.`,
      'It needs a line SYMBOL,PRICE for each, such as TCS,4012.50.',
    );
}

function parseMark(where: string, symbol: string, price: string): Mark {
  const known = SYMBOL.read(symbol);
  if (known === undefined) throw usage(`${where}: the ${refusal('symbol', SYMBOL, symbol)}.`, UNTOUCHED);
  const rupees = PRICE.read(price);
  if (rupees === undefined)
    throw usage(`${where}: the ${refusal(`price of ${known}`, PRICE, price)}.`, UNTOUCHED);
  return { symbol: known, price: rupees, marked_at: null };
}
