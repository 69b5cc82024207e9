import type { Context } from '../../context.ts';
import type { TimeReading } from '../../domain/file-values.ts';
import { type Instant, instant } from '../../domain/instant.ts';
import { type Numbered, type OpenTable, openTable, valuesOf } from '../../platform/files/open-table.ts';
import type { Row } from '../../platform/files/read-records.ts';
import { orderReader } from '../../trading/orders/order-file.ts';
import { difference, type Trade, tradeReader } from '../../trading/orders/trade-file.ts';
import { BROKER_SIDE, type Layout } from '../../trading/orders/trade-layout.ts';
import { timesOf, translateTrades, withIds } from '../../trading/orders/translate-trades.ts';
import { bhavcopyReader, EXCHANGE_TIMES } from '../../trading/quotes/bhavcopy.ts';
import { quoteReader } from '../../trading/quotes/quote-file.ts';
import { readQuoteFile } from '../../trading/quotes/read-quotes.ts';
import { timeReading } from '../../trading/time-reading.ts';
import { Failure } from '../../util/failure.ts';
import type { Kind } from './kinds.ts';
import { type Look, lookAt } from './look-at.ts';

interface Request {
  path: string;
  timeZone: string | undefined;
  dates: TimeReading['dates'];
}

/** What an import would read from a file. */
interface Reading {
  /** Columns of ours, and their names in the file. */
  mapping: { column: string; in_file: string }[];
  times: string | null;
  rows: number;
  earliest: Instant | null;
  latest: Instant | null;
  problems: number;
  first_problem: string | null;
  /** What the import would say on stderr. */
  notes: string[];
}

/**
 * Says what a file is taken for and reads it as its import would, but writes nothing and needs no database. Throws a usage
 * error for a file that cannot be opened.
 */
export async function inspectFile(ctx: Context, request: Request): Promise<Look & Reading> {
  const look = await lookAt(request.path, ctx);
  const reading: Reading = {
    mapping: [],
    times: null,
    rows: 0,
    earliest: null,
    latest: null,
    problems: 0,
    first_problem: null,
    notes: [],
  };
  const unclear = problemOf(look);
  if (unclear !== undefined) return { ...look, ...reading, problems: 1, first_problem: unclear };
  try {
    await readInto(reading, look.kind as Kind, request, ctx);
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== 'usage') throw error;
    reading.problems++;
    reading.first_problem ??= [error.message, error.details.hint].filter(Boolean).join(' ');
  }
  return { ...look, ...reading };
}

/** Why a file is not read at all. */
function problemOf({ format, encoding, kind, names }: Look): string | undefined {
  if (format === null)
    return encoding.startsWith('UTF-8') ? 'It is empty.' : `It is no text in UTF-8: ${encoding}.`;
  if (kind) return undefined;
  return `It has no columns of trades, orders or quotes; its columns are ${names.slice(0, 30).join(', ')}.`;
}

async function readInto(reading: Reading, kind: Kind, request: Request, ctx: Context): Promise<void> {
  const say = async (line: string) => void reading.notes.push(line);
  const silent = { ...ctx, io: { ...ctx.io, say } };
  const { broker } = kind;
  const times = await timeReading(silent, timesOf(request, broker ?? exchange(kind)));
  reading.times = reading.notes.shift() ?? null;
  const open = await openTable(request.path, kind.columns, silent);
  reading.mapping = [...open.given].map(([column, in_file]) => ({ column, in_file }));
  const { table, notes } = broker ? translateTrades(open, broker) : { table: open, notes: () => [] };
  const read = rowReader(table, kind, times, ctx.now());
  for await (const { rows, bad } of table.records) {
    ctx.signal.throwIfAborted();
    const results = rows.map((row) => ({ line: row.line, ...read(row) }));
    for (const result of [...bad, ...results].sort((a, b) => a.line - b.line)) count(result, reading);
  }
  reading.notes.push(...notes());
  if (kind.rows !== 'quotes') return;
  // Lines that are valid by themselves may contradict each other.
  reading.notes = [];
  const { bad } = await readQuoteFile(request.path, request, { ...ctx, io: { ...ctx.io, say } });
  reading.notes.shift();
  reading.problems = bad.length;
  reading.first_problem = bad[0] ? `line ${bad[0].line}: ${bad[0].reason}` : null;
}

/** How times are read in the file of an exchange; undefined for one of ours. */
const exchange = ({ layout }: Kind): Pick<Layout, 'times'> | undefined =>
  layout === 'pinnacle' ? undefined : { times: EXCHANGE_TIMES };

function count(result: { line: number } & ({ at: Instant } | { reason: string }), reading: Reading): void {
  if ('reason' in result) {
    reading.problems++;
    reading.first_problem ??= `line ${result.line}: ${result.reason}`;
    return;
  }
  const { at } = result;
  reading.rows++;
  if (reading.earliest === null || at < reading.earliest) reading.earliest = at;
  if (reading.latest === null || at > reading.latest) reading.latest = at;
}

/** Reads a row of a table as its import does: its time, or why it is invalid. */
function rowReader(
  { columns }: OpenTable,
  { rows, layout, broker }: Kind,
  times: TimeReading,
  now: Date,
): (row: Row) => { at: Instant } | { reason: string } {
  if (rows === 'orders') {
    const { read } = orderReader(columns, {
      now: instant(now),
      times,
      rename: (symbol) => symbol,
      hasTerms: true,
    });
    return (row) => timed(read(row), (order) => order.updated_at);
  }
  if (rows === 'quotes' && layout !== 'pinnacle') {
    const { read } = bhavcopyReader(now, times);
    return ({ fields }) => timed(read(valuesOf(columns, fields)), ({ quote }) => quote.timestamp);
  }
  if (rows === 'quotes') {
    const read = quoteReader(now, times);
    return ({ fields }) => timed(read(valuesOf(columns, fields)), (quote) => quote.timestamp);
  }
  const plain = tradeReader(instant(now), times, broker && BROKER_SIDE);
  const read = broker ? withIds(plain) : plain;
  const seen = new Map<string, Numbered<Trade>>();
  return ({ line, fields }) => {
    const value = read(valuesOf(columns, fields));
    if ('reason' in value) return value;
    const twin = seen.get(value.trade_id);
    const other = twin && difference(value, twin.value);
    if (twin && other)
      return { reason: `trade ${value.trade_id} is also in line ${twin.line}, with ${other}` };
    seen.set(value.trade_id, { line, value });
    return { at: value.executed_at };
  };
}

const timed = <T extends object>(value: T | { reason: string }, timeOf: (value: T) => Instant) =>
  'reason' in value ? (value as { reason: string }) : { at: timeOf(value) };
