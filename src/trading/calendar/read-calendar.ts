import { basename } from 'node:path';
import type { Context } from '../../context.ts';
import { marketDayOf, repeatedDays, type WrittenDay } from '../../domain/calendar-file.ts';
import type { MarketDay } from '../../domain/trading-calendar.ts';
import { openSource } from '../../platform/files/open-source.ts';
import { namedRows } from '../../platform/files/open-table.ts';
import { linesOf } from '../../platform/files/read-lines.ts';
import { readTable } from '../../platform/files/read-records.ts';
import { usage } from '../../util/failure.ts';
import { isObject, parseJson } from '../../util/json.ts';

// Of a few years and exchanges.
const MAX_BYTES = 1_048_576;
const MAX_NAMED = 10;
const COLUMNS = { required: ['date', 'name'], optional: ['kind', 'open', 'close', 'weekday'] } as const;

/** The days of a file, and where they are from, by the file itself or by its name. */
export interface CalendarFile {
  days: MarketDay[];
  source: string;
}

/**
 * Reads a calendar: JSON with `holidays` and `special`, or CSV of date,name,kind,open,close. Throws a usage error that
 * names what is wrong: a weekday, a day that is there twice, hours that are reversed. Then nothing of it counts.
 */
export async function readCalendarFile(path: string, ctx: Context): Promise<CalendarFile> {
  const { bytes, name } = openSource(path, ctx);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > MAX_BYTES) throw usage(`${name} has more than 1 MiB: it is no calendar.`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks);
  const isJson = /^[\uFEFF\s]*\{/.test(text.subarray(0, 100).toString('utf8'));
  const written = isJson ? ofJson(text.toString('utf8'), name) : await ofTable(text, name);
  const days: MarketDay[] = [];
  const problems: string[] = [];
  for (const each of written.days) {
    const day = marketDayOf(each);
    if ('reason' in day) problems.push(day.reason);
    else days.push(day);
  }
  problems.push(...repeatedDays(days).map((day) => `${day} is there twice`));
  if (problems.length > 0)
    throw usage(
      [`${name} is no calendar:`, ...problems.slice(0, MAX_NAMED)].join('\n'),
      'Nothing was imported.',
    );
  if (days.length === 0) throw usage(`${name} has no days.`);
  return { days, source: (written.source ?? (path === '-' ? 'stdin' : basename(path))).slice(0, 500) };
}

interface Written {
  days: WrittenDay[];
  source: string | undefined;
}

const textOf = (value: unknown) => (typeof value === 'string' ? value.trim() : '');

function ofJson(text: string, name: string): Written {
  const file = jsonOf(text, name);
  const listed = (field: string): Record<string, unknown>[] => {
    const list = file[field] ?? [];
    if (!Array.isArray(list) || !list.every(isObject))
      throw usage(`${name}: ${field} must be a list of objects with date and name.`);
    return list;
  };
  const dated = (day: Record<string, unknown>) => ({
    date: textOf(day['date']),
    name: textOf(day['name']),
    weekday: textOf(day['weekday']),
  });
  const special = listed('special').map((day) => {
    const [open, close] = Array.isArray(day['session_ist']) ? day['session_ist'].map(textOf) : [];
    return { ...dated(day), kind: 'SPECIAL', open, close };
  });
  const holidays = listed('holidays').map((day) => ({ ...dated(day), kind: 'HOLIDAY' }));
  return { days: [...holidays, ...special], source: plainText(textOf(file['source'])) || undefined };
}

const plainText = (text: string) => text.replace(/[\p{Cc}\p{Cs}]+/gu, ' ');

function jsonOf(text: string, name: string): Record<string, unknown> {
  try {
    const file = parseJson(text.replace(/^\uFEFF/, ''));
    if (isObject(file)) return file;
  } catch (error) {
    throw usage(`${name} is no JSON: ${(error as Error).message}.`);
  }
  throw usage(`${name} is no calendar.`);
}

async function ofTable(text: Buffer, name: string): Promise<Written> {
  async function* whole() {
    yield text;
  }
  const table = await readTable(linesOf(whole(), name), name, COLUMNS, async () => {});
  const days: WrittenDay[] = [];
  for await (const { rows, bad } of namedRows(table)) {
    const [first] = bad;
    if (first) throw usage(`${name}: line ${first.line} ${first.reason}.`);
    for (const { values } of rows) {
      const { date = '', name: called = '', ...rest } = values;
      days.push({ date, name: called, ...rest });
    }
  }
  return { days, source: undefined };
}
