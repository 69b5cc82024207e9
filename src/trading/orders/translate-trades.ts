import { createHash } from 'node:crypto';
import type { TimeReading } from '../../domain/file-values.ts';
import { Decimal } from '../../domain/money.ts';
import { withoutSeries } from '../../domain/symbol.ts';
import { namedRows, type OpenTable, type Values } from '../../platform/files/open-table.ts';
import { plainName } from '../../platform/files/read-header.ts';
import type { Records } from '../../platform/files/read-records.ts';
import { escapeControls, pluralize, truncate } from '../../util/text.ts';
import { TRADE_COLUMNS, type Trade } from './trade-file.ts';
import { BROKER_SIDE, type Layout } from './trade-layout.ts';

const COLUMNS = [...TRADE_COLUMNS.required, ...TRADE_COLUMNS.optional];

/** A row as a row of trades; none if it is no trade; or the reason why it can be neither. */
type Translated = Values[] | { reason: string };

/**
 * The table of a broker's file as a table of trades. Once it is read, `notes` says which rows were passed over, and which
 * symbols are not as the file has them.
 */
export function translateTrades(
  table: OpenTable,
  layout: Layout,
): { table: OpenTable; notes: () => string[] } {
  const told = collectNotes(table.given.get('symbol') ?? '', layout);
  // An object need not have every column; in CSV a cell is empty, which may mean something.
  const isJson = table.given.size === 0;
  async function* records(): AsyncGenerator<Records> {
    for await (const { rows, bad } of namedRows(table)) {
      const into: Records = { rows: [], bad: [...bad] };
      for (const { line, values } of rows) {
        const row = Object.fromEntries(
          Object.entries(values)
            .filter(([, text]) => text !== '' || !isJson)
            .map(([name, text]) => [name, literal(text)]),
        );
        const trades = translate(row, layout);
        if ('reason' in trades) into.bad.push({ line, reason: trades.reason });
        else {
          told.take(line, row['symbol'] ?? '', trades);
          into.rows.push(...trades.map((trade) => ({ line, fields: fieldsOf(trade), raw: undefined })));
        }
      }
      yield into;
    }
  }
  return { table: { ...table, columns: COLUMNS, records: records() }, notes: told.notes };
}

const fieldsOf = (trade: Values) => COLUMNS.map((column) => trade[column] ?? '');

const ONE_OF_TWO =
  'This broker has other ids in its API than in its downloads: import the same days from one of the two only, or their trades are booked twice.';

/** Collects what a reader of a file must know of its translation, from row to row. */
function collectNotes(column: string, { nameless, idsDiffer }: Layout) {
  const passed: number[] = [];
  const changed = new Map<string, string>();
  const names = new Set<string>();
  return {
    take(line: number, given: string, [first]: readonly Values[]) {
      if (!first) return void passed.push(line);
      const { symbol = '' } = first;
      if (symbol !== given) changed.set(given, symbol);
      if (nameless?.includes(plainName(column))) names.add(symbol);
    },
    notes: () => [
      ...note(
        passed,
        (some) => `Passed over ${pluralize(passed.length, 'row')} without a trade: ${linesOf(some)}`,
      ),
      ...note([...changed], (some) => {
        const pairs = some.map(([from, to]) => `${from} as ${to}`);
        return `Symbols are booked without exchange and series: ${pairs.join(', ')}`;
      }),
      ...note(
        [...names],
        (some) =>
          `The column ${column} has names of companies, which are booked as symbols: ${some.join(', ')}`,
      ),
      ...(idsDiffer ? [ONE_OF_TWO] : []),
    ],
  };
}

// Enough to find the others.
const MAX_NAMED = 5;

function note<T>(all: readonly T[], say: (some: T[]) => string): string[] {
  if (all.length === 0) return [];
  const text = escapeControls(truncate(say(all.slice(0, MAX_NAMED)), 400));
  return [all.length > MAX_NAMED ? `${text}, …` : `${text}.`];
}

const linesOf = (some: readonly number[]) => `${some.length === 1 ? 'line' : 'lines'} ${some.join(', ')}`;

/** The text of a cell that a spreadsheet was told to leave alone, `="1300000014614276"`. */
const literal = (text: string) => /^="([^"]*)"$/.exec(text)?.[1] ?? text;

function translate(row: Values, layout: Layout): Translated {
  const { trades, columns } = layout;
  if (trades && trades.column in row && !trades.are.test(row[trades.column] ?? '')) return [];
  const reason = unclear(row);
  if (reason !== undefined) return { reason };
  const common = {
    trade_id: row['trade_id'] ?? '',
    symbol: symbolOf(row['symbol'] ?? ''),
    quantity: plainNumber(row['quantity'] ?? ''),
    strategy_id: row['strategy_id'] ?? '',
  };
  if (columns.open_price) return roundTrip(row, common);
  const price = priceOf(row, common.quantity);
  if (typeof price === 'object') return price;
  return [{ ...common, side: row['side'] ?? '', price, executed_at: timeOf(row) }];
}

/** Why a row does not say which trade it is, or of what. */
function unclear({ symbol, expiry, trade_id }: Values): string | undefined {
  if (expiry && /[1-9]/.test(expiry)) return `is of a contract on ${symbol}, which the file does not name`;
  return trade_id && /^\d(\.\d+)?E\+?\d+$/i.test(trade_id)
    ? `trade_id ${trade_id} is what a spreadsheet makes of a long number`
    : undefined;
}

/** The time of a row whose day and time of day may have a column each. */
function timeOf({ executed_at = '', clock = '' }: Values): string {
  return clock === '' ? executed_at : `${executed_at.replace(/[T ]00:00(:00(\.0+)?)?$/, '')} ${clock}`;
}

/** Both executions of a round trip, or its first one while it is open. */
function roundTrip(row: Values, common: Values): Values[] {
  const short = /^(true|1)$/i.test(row['is_short'] ?? '');
  const leg = (name: 'open' | 'close') => ({
    ...common,
    trade_id: common['trade_id'] === '' ? '' : `${common['trade_id']}-${name}`,
    side: (name === 'open') === short ? 'SELL' : 'BUY',
    price: row[`${name}_price`] ?? '',
    executed_at: row[`${name}_time`] ?? '',
  });
  return [leg('open'), ...(row['close_time'] ? [leg('close')] : [])];
}

/** A symbol without its exchange, its currency of rupees and its series: `NSE:PNB-EQ`, `TCS/INR`. */
const symbolOf = (text: string) =>
  withoutSeries(text.replace(/^(NSE|BSE|NFO|BFO|MCX):/i, '').replace(/\/INR$/i, ''));

/** A number without the separators of thousands, `1,23,456.78`; other text as it is. */
const plainNumber = (text: string) =>
  /^\d{1,3}(,\d{2,3})*,\d{3}(\.\d+)?$/.test(text) ? text.replaceAll(',', '') : text;

const NUMBER = /^\d{1,15}(\.\d{1,20})?$/;

/** The price per share of a row; its exact mean where the row has the value of the whole. */
function priceOf(row: Values, quantity: string): string | { reason: string } {
  const given = { BUY: row['buy_price'], SELL: row['sell_price'] };
  const side = BROKER_SIDE.read(row['side'] ?? '');
  const price = plainNumber(row['price'] ?? (side && given[side]) ?? '');
  const value = plainNumber(row['value'] ?? '');
  if (!NUMBER.test(value) || !NUMBER.test(quantity) || Number(quantity) === 0) return price || value;
  const mean = new Decimal(value).div(quantity);
  if (NUMBER.test(price) && !mean.round(price.split('.')[1]?.length ?? 0).eq(price))
    return { reason: `the value ${value} is not that of ${quantity} shares at ${price}` };
  return mean.toFixed();
}

/**
 * A reader that gives an id to trades of a file without ids: from what they are, and how many equal ones came before, as a
 * broker's file may have several executions that differ in nothing. Importing a file again finds them.
 */
export function withIds<T extends (row: Values) => Trade | { reason: string }>(read: T): T {
  const seen = new Map<string, number>();
  const identify = (row: Values) => {
    if (row['trade_id'] !== '') return read(row);
    const trade = read({ ...row, trade_id: 'none' });
    if ('reason' in trade) return trade;
    const { symbol, side, quantity, price, executed_at } = trade;
    const what = `${symbol} ${side} ${quantity} ${price} ${executed_at}`;
    const n = (seen.get(what) ?? 0) + 1;
    seen.set(what, n);
    const hash = createHash('sha256').update(what).digest('hex').slice(0, 24);
    return { ...trade, trade_id: `made:${hash}:${n}` };
  };
  return identify as T;
}

/** How times are read: as asked for, else as the layout has them. */
export const timesOf = (
  asked: { timeZone: string | undefined; dates: TimeReading['dates'] },
  layout: Pick<Layout, 'times'> | undefined,
) => ({
  timeZone: asked.timeZone ?? layout?.times.timeZone,
  dates: asked.dates ?? layout?.times.dates,
});
