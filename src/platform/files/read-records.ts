import { usage } from '../../util/failure.ts';
import { parseJson } from '../../util/json.ts';
import type { Lines } from './read-lines.ts';
import type { BadLine } from './rejects-file.ts';

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

export interface Columns {
  required: readonly string[];
  optional: readonly string[];
}

/** The table in a file: which columns it has, and its rows block by block. */
export interface Table {
  columns: readonly string[];
  records: AsyncIterable<Records>;
}

// A quoted field may hold line ends, but not a whole file because one quote is missing.
const MAX_RECORD_LINES = 100;

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
  const expected = `Its first line must name: ${known.required.join(',')}`;
  if (done) throw usage(`${name} is empty.`, expected);
  const head = block.texts[skipped];
  const from = (drop: number) => ({ first: block.first + drop, texts: block.texts.slice(drop) });
  async function* all(drop: number) {
    yield from(drop);
    yield* { [Symbol.asyncIterator]: () => blocks };
  }
  if (head?.startsWith('{')) {
    const columns = [...known.required, ...known.optional];
    return { columns, records: ndjson(all(skipped), columns) };
  }
  if (head === null || head === undefined) throw usage(`${name} is not UTF-8.`, expected);
  const header = (await split(head))?.map((column) => column.trim().toLowerCase());
  if (!header) throw usage(`${name}: a quote in the first line is out of place.`, expected);
  const missing = known.required.filter((column) => !header.includes(column));
  if (missing.length > 0) throw usage(`${name} has no column ${missing.join(', ')}.`, expected);
  const twice = header.find((column, i) => header.indexOf(column) !== i);
  if (twice !== undefined) throw usage(`${name} has the column ${twice} twice.`);
  const places = header.map((column) => known.required.includes(column) || known.optional.includes(column));
  const unknown = header.filter((_column, i) => !places[i]);
  if (unknown.length > 0) await say(`Columns left out: ${unknown.join(', ')}`);
  return { columns: header.filter((_column, i) => places[i]), records: csv(all(skipped + 1), places) };
}

async function* csv(lines: AsyncIterable<Lines>, places: readonly boolean[]): AsyncGenerator<Records> {
  const plain = places.every(Boolean);
  // The lines of a quoted field that has not ended yet.
  let open: string[] = [];
  let number = 0;
  const row = (line: number, all: readonly string[], raw: string | undefined, into: Records) => {
    if (all.length !== places.length)
      into.bad.push({ line, reason: `has ${all.length} fields, not ${places.length}` });
    else
      into.rows.push({
        line,
        fields: plain ? all : all.filter((_field, i) => places[i]),
        raw: plain ? raw : undefined,
      });
  };
  const take = async (text: string | null, into: Records): Promise<void> => {
    number++;
    if (text === null) into.bad.push({ line: number, reason: 'is not UTF-8' });
    else if (open.length === 0 && !text.includes('"')) {
      if (text !== '') row(number, text.split(','), text, into);
    } else {
      open.push(text);
      const fields = await split(open.join('\n'));
      if (fields) {
        row(number - open.length + 1, fields, undefined, into);
        open = [];
      } else if (open.length > MAX_RECORD_LINES) await giveUp(into);
    }
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
    for (const text of texts) await take(text, into);
    yield into;
  }
  const last: Records = { rows: [], bad: [] };
  while (open.length > 0) await giveUp(last);
  yield last;
}

/** The fields of a line; undefined where a quote is open or out of place. */
async function split(text: string): Promise<string[] | undefined> {
  if (!text.includes('"')) return text.split(',');
  // Half of a pair: the field goes on.
  if ((text.split('"').length - 1) % 2 === 1) return undefined;
  const { parse } = await import('csv-parse/sync');
  try {
    return (parse(text, { relax_column_count: true }) as string[][])[0];
  } catch {
    return undefined;
  }
}

async function* ndjson(lines: AsyncIterable<Lines>, columns: readonly string[]): AsyncGenerator<Records> {
  for await (const { first, texts } of lines) {
    const into: Records = { rows: [], bad: [] };
    texts.forEach((text, i) => {
      if (text === '') return;
      const fields = text === null ? 'is not UTF-8' : fieldsOf(text, columns);
      if (typeof fields === 'string') into.bad.push({ line: first + i, reason: fields });
      else into.rows.push({ line: first + i, fields, raw: undefined });
    });
    yield into;
  }
}

/** The values of an object as the text that CSV would have, or the problem. */
function fieldsOf(text: string, columns: readonly string[]): string[] | string {
  try {
    const value = parseJson(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'is not a JSON object';
    const object = value as Record<string, unknown>;
    const stray = Object.keys(object).find((key) => !columns.includes(key));
    if (stray !== undefined) return `has ${JSON.stringify(stray)}, which is no column`;
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
