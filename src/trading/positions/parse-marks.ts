import { type Around, readCsv } from '../../cli/csv-input.ts';
import { PRICE_RULE, readPrice } from '../../domain/money.ts';
import { type TradingSymbol, tradingSymbol } from '../../domain/symbol.ts';
import { usage } from '../../util/failure.ts';
import { truncate } from '../../util/text.ts';
import type { Mark } from '../ledger/mark-positions.ts';

/** A price; in a file of quotes, the last traded price and its time. */
const COLUMNS = {
  header: 'symbol,price',
  required: ['symbol'],
  optional: ['price', 'ltp', 'timestamp'],
} as const;

/** Marks, one per symbol, and the symbols that were named as arguments. */
export interface GivenMarks {
  marks: Mark[];
  named: Set<TradingSymbol>;
}

/**
 * The marks of `SYMBOL=PRICE` words and of the rows of a CSV file (`-` is stdin). Throws a usage error that names the
 * word or the line.
 */
export async function readMarks(
  words: readonly string[],
  path: string | undefined,
  around: Around,
): Promise<GivenMarks> {
  const prices = new Map<TradingSymbol, number>();
  const add = (where: string, { symbol, price }: Mark) => {
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

function parseWord(word: string): Mark {
  const [symbol = '', price, ...more] = word.split('=');
  if (price === undefined || more.length > 0)
    throw usage(`"${truncate(word)}" is no mark.`, 'Write SYMBOL=PRICE, such as TCS=4012.50.');
  return parseMark(`"${truncate(word)}"`, symbol, price);
}

async function* rowsOf(path: string, around: Around): AsyncGenerator<{ where: string; mark: Mark }> {
  const name = path === '-' ? 'stdin' : path;
  const { rows } = await readCsv(path, COLUMNS, around);
  let empty = true;
  for await (const { line, values } of rows) {
    const { symbol = '', price, ltp } = values;
    if ((price === undefined) === (ltp === undefined))
      throw usage(`${name} needs one column with prices, price or ltp.`, UNTOUCHED);
    const where = `${name}, line ${line}`;
    yield { where, mark: parseMark(where, symbol, price ?? ltp ?? '') };
    empty = false;
  }
  if (empty)
    throw usage(
      `There are no marks in ${name}.`,
      'It needs a line SYMBOL,PRICE for each, such as TCS,4012.50.',
    );
}

function parseMark(where: string, symbol: string, price: string): Mark {
  const known = tradingSymbol.safeParse(symbol);
  if (!known.success) throw usage(`${where}: the symbol ${known.error.issues[0]?.message}.`, UNTOUCHED);
  const rupees = readPrice(price);
  if (rupees === undefined)
    throw usage(`${where}: the price of ${known.data} ${PRICE_RULE}, not "${truncate(price)}".`, UNTOUCHED);
  return { symbol: known.data, price: rupees, marked_at: null };
}
