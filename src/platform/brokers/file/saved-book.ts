import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { meaningOf } from '../../../domain/brokers/angelone-answer.ts';
import { latestTimeIn, otherClientIn } from '../../../domain/brokers/angelone-rows.ts';
import { VENDOR_ZONE } from '../../../domain/brokers/angelone-values.ts';
import { dayAfter } from '../../../domain/day.ts';
import { Failure } from '../../../util/failure.ts';
import { isObject } from '../../../util/json.ts';
import { escapeControls, truncate } from '../../../util/text.ts';
import { wallClock } from '../../../util/time.ts';

export type BookName = 'orders' | 'trades' | 'positions' | 'holdings' | 'funds';

/** Whose books are read, and what they must be. */
export interface SavedBooks {
  /** The folder of one trader. */
  folder: string;
  /** The client code of the trader at the broker; undefined where nobody knows it. */
  client: string | undefined;
  now: () => Date;
}

const MAX_BYTES = 64 * 1024 * 1024;

/**
 * The data of a saved book, as the broker's own answer would have it, and the trading day on which it was saved. Throws BROKER_UNREACHABLE where there is no file,
 * BROKER_BOOK where it is not a whole book of this client and of the last trading day.
 */
export async function readSavedBook(
  books: SavedBooks,
  name: BookName,
): Promise<{ data: unknown; path: string; day: string }> {
  const { path, text, savedAt } = await findFile(books.folder, name);
  const data = path.endsWith('.csv') ? await rowsOfCsv(path, text, name) : dataOf(path, text);
  return readable(path, () => {
    const other = books.client === undefined ? undefined : otherClientIn(data, books.client);
    if (other !== undefined)
      throw new RangeError(`is of the client ${escapeControls(truncate(other))}, not of ${books.client}`);
    checkDay(name, data, savedAt, lastTradingDay(books.now()));
    return { data, path, day: lastTradingDay(savedAt) };
  });
}

async function findFile(folder: string, name: BookName) {
  for (const path of [join(folder, `${name}.json`), join(folder, `${name}.csv`)]) {
    const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
      throw unusable(path, `cannot be read (${error.code})`);
    });
    if (found === undefined) continue;
    if (!found.isFile()) throw unusable(path, 'is not a file');
    if (found.size > MAX_BYTES) throw unusable(path, 'is larger than 64 MiB');
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw unusable(path, `cannot be read (${error.code})`);
    });
    return { path, text: text.replace(/^\ufeff/, ''), savedAt: found.mtime };
  }
  throw new Failure(
    'unreachable',
    'BROKER_UNREACHABLE',
    `There is no ${name}.json and no ${name}.csv in ${folder}.`,
  );
}

/** The data of JSON: a whole answer of the broker, or only what it has in `data`. */
function dataOf(path: string, text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw unusable(path, 'is not whole JSON');
  }
  if (!isObject(value) || !('status' in value || 'success' in value)) return value;
  const meaning = meaningOf(200, text);
  if (meaning.kind === 'done') return meaning.data;
  throw unusable(path, `is a failure of the broker: ${escapeControls(truncate(meaning.text, 300))}`);
}

async function rowsOfCsv(path: string, text: string, name: BookName): Promise<unknown> {
  const { parse } = await import('csv-parse/sync');
  let rows: unknown[];
  try {
    rows = parse(text, { columns: true, skip_empty_lines: true, trim: true });
  } catch {
    throw unusable(path, 'is not whole CSV with a header');
  }
  return name === 'funds' ? rows[0] : rows;
}

/** Throws RangeError where a book is of an earlier day: by the latest time of its rows, else by when its file was written. */
function checkDay(name: BookName, data: unknown, savedAt: Date, day: string): void {
  const latest = name === 'orders' ? latestTimeIn(data) : null;
  const of = wallClock(latest ?? savedAt.toISOString(), VENDOR_ZONE).slice(0, 10);
  if (of >= day) return;
  const by = latest === null ? 'its file was written on' : 'its latest row is of';
  throw new RangeError(`is of an earlier trading day: ${by} ${of}, and the trading day is ${day}`);
}

/** Today in India, or the Friday before a weekend. */
function lastTradingDay(now: Date): string {
  const today = wallClock(now.toISOString(), VENDOR_ZONE).slice(0, 10);
  const weekday = new Date(`${today}T00:00:00Z`).getUTCDay();
  const daysSince = weekday === 6 ? 1 : weekday === 0 ? 2 : 0;
  return dayAfter(today, -daysSince);
}

/** Reads a book; a RangeError becomes BROKER_BOOK, which names the file. */
export function readable<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw unusable(path, error.message);
  }
}

const unusable = (path: string, why: string) =>
  new Failure('refused', 'BROKER_BOOK', `The book ${path} cannot be used: ${why}.`, {
    hint: 'Save the books again: all of them, whole, on the same day.',
  });
