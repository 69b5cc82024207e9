import type { OrderSide } from '../../domain/enums.ts';
import type { Rule } from '../../domain/file-values.ts';
import { usage } from '../../util/failure.ts';
import { plainLowerCase, plainUpperCase } from '../../util/text.ts';
import { TRADE_COLUMNS } from './trade-file.ts';

/** The brokers whose own files of trades are read, and which of their columns are ours under another name. */
const BROKER_COLUMNS = {
  // The tradebook of Console.
  zerodha: { trade_type: 'side', order_execution_time: 'executed_at' },
} as const satisfies Record<string, Readonly<Record<string, string>>>;
export type Broker = keyof typeof BROKER_COLUMNS;
export const BROKERS = Object.keys(BROKER_COLUMNS) as Broker[];

/** Columns of a broker's file by their names there, in lower case. */
export type Renames = ReadonlyMap<string, string>;

/**
 * The columns of a file of trades by their names there, from a broker and from pairs `theirs=ours`; undefined if neither
 * is given. Throws a usage error for a pair that names no column of trades.
 */
export function tradeRenames(
  broker: Broker | undefined,
  pairs: readonly string[] | undefined,
): Renames | undefined {
  if (broker === undefined && pairs === undefined) return undefined;
  const renames = new Map<string, string>(broker === undefined ? [] : Object.entries(BROKER_COLUMNS[broker]));
  const ours: readonly string[] = [...TRADE_COLUMNS.required, ...TRADE_COLUMNS.optional];
  for (const pair of pairs ?? []) {
    const at = pair.lastIndexOf('=');
    const [theirs, column] = [pair.slice(0, Math.max(0, at)).trim(), pair.slice(at + 1).trim()];
    if (theirs === '' || !ours.includes(column))
      throw usage(`--map ${pair} is no pair THEIRS=OURS.`, `Ours are: ${ours.join(', ')}.`);
    renames.set(plainLowerCase(theirs), column);
  }
  return renames;
}

const SIDES: ReadonlyMap<string, OrderSide> = new Map([
  ['BUY', 'BUY'],
  ['B', 'BUY'],
  ['1', 'BUY'],
  ['SELL', 'SELL'],
  ['S', 'SELL'],
  ['-1', 'SELL'],
]);

/** A side as brokers write it. */
export const BROKER_SIDE: Rule<OrderSide> = {
  must: 'must be one of BUY, B, 1, SELL, S, -1',
  read: (text) => SIDES.get(plainUpperCase(text)),
};
