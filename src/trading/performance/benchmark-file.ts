import type { Context } from '../../context.ts';
import { isWrittenDay } from '../../domain/instant.ts';
import { readPrice } from '../../domain/money.ts';
import { namedRows, openTable, type Values } from '../../platform/files/open-table.ts';
import { usage } from '../../util/failure.ts';

// A century of days.
const MAX_DAYS = 40_000;
const COLUMNS = { required: ['date', 'close'], optional: [], example: 'date,close' };

/**
 * The closes of a benchmark by day: CSV of date,close, in any order. Throws a usage error that names the line for what is
 * no day or no price, and for a day that is there twice.
 */
export async function readBenchmark(path: string, ctx: Context): Promise<Map<string, number>> {
  const table = await openTable(path, COLUMNS, ctx);
  const closes = new Map<string, number>();
  for await (const { rows, bad } of namedRows(table)) {
    const [first] = bad;
    if (first) throw usage(`${table.name}: line ${first.line} ${first.reason}.`);
    for (const { line, values } of rows) {
      const problem = addClose(closes, values);
      if (problem !== undefined) throw usage(`${table.name}: line ${line}: ${problem}.`);
    }
  }
  if (closes.size === 0) throw usage(`${table.name} has no days.`);
  return closes;
}

/** Adds a close to those of the other days; what is wrong with it, if it cannot be. */
function addClose(closes: Map<string, number>, { date = '', close = '' }: Values): string | undefined {
  const price = readPrice(close);
  if (!isWrittenDay(date)) return 'date must be a day such as 2026-01-31';
  if (price === undefined) return 'close must be a price above 0';
  if (closes.has(date)) return `${date} is there twice`;
  if (closes.size === MAX_DAYS) return `a benchmark has at most ${MAX_DAYS} days`;
  closes.set(date, price);
  return undefined;
}
