import { parseJson } from '../../util/json.ts';
import { someOf, truncate } from '../../util/text.ts';
import {
  type Aliases,
  type Columns,
  emptyFile,
  findHeader,
  nearest,
  type Place,
  plainName,
  readHeader,
} from './read-header.ts';
import type { Lines } from './read-lines.ts';
import type { BadLine } from './rejects-file.ts';
import { splitRow } from './split-row.ts';

/** A row of a file: its fields in the order of the columns. */
export interface Row {
  line: number;
  fields: readonly string[];
  /** The line itself, where its fields stand in it as they are: no quotes, every column known. */
  raw: string | undefined;
}

/** The rows of some lines, and the lines that are not rows. */
export interface Records {
  rows: Row[];
  bad: BadLine[];
}

/** The table in a file: which columns it has, and its rows block by block. */
export interface Table {
  columns: readonly string[];
  /** The name in the file of each column; empty for NDJSON. */
  given: ReadonlyMap<string, string>;
  /** The columns that the file has: those asked for, or one kind of those in place of them. */
  known: Columns;
  records: AsyncIterable<Records>;
}

// A quoted field may hold line ends, but not a whole file because one quote is missing.
const MAX_RECORD_LINES = 100;
// A title of a report is shorter.
const MAX_TITLE_LINES = 50;
const NOT_UTF8 = 'is not UTF-8; Latin-1 is converted by iconv -f WINDOWS-1252 -t UTF-8';

/**
 * Rows of CSV with a header whose columns stand in any order, or of NDJSON, which begins with a brace. `say` gets a line on
 * the columns that are ignored. Throws a usage error if the columns are not those of `known`.
 */
export async function readTable(
  lines: AsyncIterable<Lines>,
  name: string,
  known: Columns,
  say: (line: string) => Promise<void>,
): Promise<Table> {
  const blocks = lines[Symbol.asyncIterator]();
  let { done, value: block } = await blocks.next();
  let skipped = 0;
  while (!done && block.texts[skipped] === '') {
    if (++skipped < block.texts.length) continue;
    ({ done, value: block } = await blocks.next());
    skipped = 0;
  }
  if (done) throw emptyFile(name, known);
  // A pipe may bring a title and the header behind it in several blocks.
  while ((known.aliases || known.instead) && block.texts.length - skipped < MAX_TITLE_LINES) {
    const next = await blocks.next();
    if (next.done) break;
    block = { first: block.first, texts: [...block.texts, ...next.value.texts] };
  }
  async function* all(drop: number) {
    yield { first: block.first + drop, texts: block.texts.slice(drop) };
    yield* { [Symbol.asyncIterator]: () => blocks };
  }
  if (block.texts[skipped]?.startsWith('{')) {
    const columns = [...known.required, ...known.optional];
    return { columns, known, given: new Map(), records: ndjson(all(skipped), columns, known.aliases) };
  }
  const { known: meant, at } = await locate(block.texts.slice(skipped, skipped + MAX_TITLE_LINES), known);
  skipped += at;
  const after = block.texts.slice(skipped + 1, skipped + 1 + MAX_TITLE_LINES);
  const head = block.texts[skipped] as string | null;
  const { columns, places, others, given } = await readHeader(head, after, name, meant);
  if (others.length > 0) await say(`Columns left out: ${someOf(others)}`);
  return { columns, known: meant, given, records: csv(all(skipped + 1), places) };
}

/** The columns that the header among some lines has, and where it is; the first line for want of a better one. */
async function locate(
  lines: readonly (string | null)[],
  known: Columns,
): Promise<{ known: Columns; at: number }> {
  if (known.aliases) return { known, at: Math.max(0, await findHeader(lines, known, known.aliases)) };
  const own = new Map(known.required.map((column) => [column, [plainName(column)]]));
  if (known.instead && (await findHeader(lines.slice(0, 1), known, own)) < 0)
    for (const other of known.instead) {
      const at = await findHeader(lines, other, other.aliases ?? new Map());
      if (at >= 0) return { known: other, at };
    }
  return { known, at: 0 };
}

async function* csv(lines: AsyncIterable<Lines>, places: readonly Place[]): AsyncGenerator<Records> {
  const plain = places.every((place) => place === 'column');
  // The lines of a quoted field that has not ended yet.
  let open: string[] = [];
  let number = 0;
  const row = (line: number, all: readonly string[], raw: string | undefined, into: Records) => {
    const reason = plain && all.length === places.length ? undefined : misfit(all, places);
    if (reason !== undefined) into.bad.push({ line, reason });
    else
      into.rows.push({
        line,
        fields: plain ? all : all.filter((_field, i) => places[i] === 'column'),
        raw: plain ? raw : undefined,
      });
  };
  /** Takes a line; a promise only where a quote makes it one, as a file has millions of lines. */
  const take = (text: string | null, into: Records): Promise<void> | undefined => {
    number++;
    if (text === null) into.bad.push({ line: number, reason: NOT_UTF8 });
    else if (open.length > 0 || text.includes('"')) return takeQuoted(text, into);
    else if (!isBlank(text)) row(number, text.split(','), text, into);
    return undefined;
  };
  const takeQuoted = async (text: string, into: Records): Promise<void> => {
    open.push(text);
    const fields = await splitRow(open.join('\n'));
    if (fields) {
      row(number - open.length + 1, fields, undefined, into);
      open = [];
    } else if (open.length > MAX_RECORD_LINES) await giveUp(into);
  };
  /** Rejects the first of the open lines; those after it may be good. */
  const giveUp = async (into: Records): Promise<void> => {
    const [, ...after] = open;
    number -= after.length;
    into.bad.push({ line: number, reason: 'a quote is out of place' });
    open = [];
    for (const text of after) await take(text, into);
  };
  for await (const { first, texts } of lines) {
    if (open.length === 0) number = first - 1;
    const into: Records = { rows: [], bad: [] };
    for (const text of texts) {
      const taking = take(text, into);
      if (taking) await taking;
    }
    yield into;
  }
  const last: Records = { rows: [], bad: [] };
  while (open.length > 0) await giveUp(last);
  yield last;
}

// A spreadsheet fills an empty row with commas; what begins with a letter or digit is none.
const isBlank = (text: string) => text === '' || (text.charCodeAt(0) <= COMMA && /^[,\s]*$/.test(text));
const COMMA = 0x2c;

// `1,23,456.78` without quotes is several fields.
const THOUSANDS = /(?:^|,)\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d+)?(?:,|$)/;

/** Why a row does not fit its header; undefined if it does. */
function misfit(fields: readonly string[], places: readonly Place[]): string | undefined {
  const count = `has ${fields.length} fields, not ${places.length}`;
  if (fields.length > places.length && THOUSANDS.test(fields.join(',')))
    return `${count}: an amount must be without thousands separators`;
  if (fields.length !== places.length) return count;
  const stray = places.findIndex((place, i) => place === 'nameless' && fields[i]?.trim() !== '');
  return stray < 0 ? undefined : `has a value in column ${stray + 1}, which has no name`;
}

async function* ndjson(
  lines: AsyncIterable<Lines>,
  columns: readonly string[],
  aliases: Aliases | undefined,
): AsyncGenerator<Records> {
  for await (const { first, texts } of lines) {
    const into: Records = { rows: [], bad: [] };
    texts.forEach((text, i) => {
      if (text === '') return;
      const fields = text === null ? NOT_UTF8 : fieldsOf(text, columns, aliases);
      if (typeof fields === 'string') into.bad.push({ line: first + i, reason: fields });
      else into.rows.push({ line: first + i, fields, raw: undefined });
    });
    yield into;
  }
}

/** The values of an object as the text that CSV would have, or the problem. */
function fieldsOf(text: string, columns: readonly string[], aliases: Aliases | undefined): string[] | string {
  try {
    const value = parseJson(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'is not a JSON object';
    const object = value as Record<string, unknown>;
    if (aliases) {
      const named = new Map(Object.entries(object).map(([key, each]) => [plainName(key), each]));
      return columns.map((column) => {
        const key = aliases.get(column)?.find((each) => named.has(each));
        return textOf(key === undefined ? undefined : named.get(key));
      });
    }
    const stray = Object.keys(object).find((key) => !columns.includes(key));
    if (stray !== undefined) {
      const near = nearest(stray, columns);
      return `has ${JSON.stringify(truncate(stray))}, which is no column${near === undefined ? '' : `; did you mean ${near}?`}`;
    }
    return columns.map((column) => textOf(object[column]));
  } catch (error) {
    return (error as Error).message;
  }
}

const textOf = (value: unknown): string =>
  value === null || value === undefined
    ? ''
    : typeof value === 'object'
      ? JSON.stringify(value)
      : String(value);
