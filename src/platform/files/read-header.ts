import { usage } from '../../util/failure.ts';
import { closestMatch, escapeControls, plainLowerCase, truncate } from '../../util/text.ts';
import { splitRow } from './split-row.ts';

/** The columns that a file may have. */
export interface Columns {
  required: readonly string[];
  optional: readonly string[];
  /**
   * The names of each column in the file of another program, as `plainName` has them and the preferred one first; then
   * unknown columns are ignored, and a title may stand before the header.
   */
  aliases?: Aliases | undefined;
  /** Columns of other programs, of which the file may have one kind in place of these. */
  instead?: readonly Columns[];
  /** A valid header, where the required columns alone are none. */
  example?: string;
}

export type Aliases = ReadonlyMap<string, readonly string[]>;

/** What stands in a place of every row: a column, one that is left out, or nothing, as a spreadsheet leaves it. */
export type Place = 'column' | 'other' | 'nameless';

export interface Header {
  /** The columns of `known` in the order of the file. */
  columns: string[];
  /** One for each field of a row. */
  places: Place[];
  /** Columns that are left out. */
  others: string[];
  /** The name in the file of each column. */
  given: ReadonlyMap<string, string>;
}

/** The usage error for a file without rows. */
export const emptyFile = (name: string, known: Columns) => usage(`${name} is empty.`, expected(known));

const expected = ({ required, example }: Columns) =>
  `Its first line must name: ${example ?? required.join(',')}`;
const LATIN = 'It may be Latin-1; convert it: iconv -f WINDOWS-1252 -t UTF-8 FILE';

/**
 * Reads a header of CSV; `after` are the lines behind it, which tell a title from a header. Throws a usage error that
 * names the likely cause where the columns are not those of `known`.
 */
export async function readHeader(
  head: string | null,
  after: readonly (string | null)[],
  name: string,
  known: Columns,
): Promise<Header> {
  if (head === null) throw usage(`${name} is not UTF-8.`, LATIN);
  if (head.startsWith('['))
    throw usage(`${name} is a JSON list.`, 'It must have one object per line, and no list around them.');
  const cells = (await splitRow(head))?.map((cell) => cell.trim());
  if (!cells) throw usage(`${name}: a quote in the first line is out of place.`, expected(known));
  if (known.aliases) return foreignHeader(cells, name, known, known.aliases);
  const all = [...known.required, ...known.optional];
  const names = cells.map(plainLowerCase);
  const missing = known.required.filter((column) => !names.includes(column));
  if (missing.length > 0)
    throw usage(
      `${name} has no column ${missing.join(', ')}.`,
      likelyCause(head, after, cells, missing, known) ?? expected(known),
    );
  const twice = names.find((column, i) => column !== '' && names.indexOf(column) !== i);
  if (twice !== undefined) throw usage(`${name} has the column ${shown(twice)} twice.`);
  // A spreadsheet ends every line with the commas of its empty columns.
  const end = names.findLastIndex((column) => column !== '') + 1;
  const gap = names.indexOf('');
  if (gap >= 0 && gap < end)
    throw usage(`${name}: column ${gap + 1} has no name.`, 'Name it, or delete the column.');
  const free = all.filter((column) => !names.includes(column));
  for (const cell of cells.filter((_cell, i) => i < end && !all.includes(names[i] as string))) {
    const near = nearest(cell, free);
    if (near !== undefined)
      throw usage(
        `${name} has a column "${shown(cell)}", which is unknown; did you mean ${near}?`,
        'Rename the column, or delete it.',
      );
  }
  const places = names.map((column, i) =>
    i >= end ? 'nameless' : all.includes(column) ? 'column' : 'other',
  );
  const columns = names.filter((_column, i) => places[i] === 'column');
  return {
    columns,
    places,
    others: names.filter((_column, i) => places[i] === 'other'),
    given: new Map(columns.map((column) => [column, column])),
  };
}

/** A name of a column without regard to case, underscores and blanks. */
export const plainName = (text: string) =>
  plainLowerCase(text)
    .replace(/[_\s]+/g, ' ')
    .trim();

/** The place of each column among cells; columns that have none are left out. */
function placesOf(cells: readonly string[], aliases: Aliases): Map<number, string> {
  const names = cells.map(plainName);
  const places = [...aliases].map(([column, theirs]) => {
    const found = theirs.find((each) => names.includes(each));
    return [found === undefined ? -1 : names.indexOf(found), column] as const;
  });
  return new Map(places.filter(([at]) => at >= 0));
}

/** The first of some lines that names every required column of another program's file; -1 if none does. */
export async function findHeader(
  lines: readonly (string | null)[],
  { required }: Columns,
  aliases: Aliases,
): Promise<number> {
  for (const [at, line] of lines.entries()) {
    const cells = line === null ? undefined : await splitRow(line);
    const found = new Set(cells && placesOf(cells, aliases).values());
    if (required.every((column) => found.has(column))) return at;
  }
  return -1;
}

function foreignHeader(cells: readonly string[], name: string, known: Columns, aliases: Aliases): Header {
  const found = placesOf(cells, aliases);
  const theirs = (column: string) => aliases.get(column)?.[0] ?? column;
  const missing = known.required.filter((column) => ![...found.values()].includes(column));
  if (missing.length > 0)
    throw usage(
      `${name} has no column ${missing.map(theirs).join(', ')}.`,
      `Its header must name: ${known.required.map(theirs).join(', ')}`,
    );
  const chosen = new Set([...found.keys()].map((at) => plainName(cells[at] as string)));
  const twice = cells.find((cell, i) => !found.has(i) && chosen.has(plainName(cell)));
  if (twice !== undefined) throw usage(`${name} has the column ${shown(twice)} twice.`);
  const end = cells.findLastIndex((cell) => cell !== '') + 1;
  return {
    columns: [...found].sort(([a], [b]) => a - b).map(([, column]) => column),
    places: cells.map((_cell, i) => (found.has(i) ? 'column' : i < end ? 'other' : 'nameless')),
    others: [],
    given: new Map([...found].map(([at, column]) => [column, cells[at] as string])),
  };
}

const shown = (text: string) => escapeControls(truncate(text));
const bare = (text: string) => plainLowerCase(text).replace(/[^a-z0-9]/g, '');
const wordsOf = (text: string) => plainLowerCase(text).split(/[^a-z0-9]+/);

/** The column that another name most likely means: `User ID` user_id, `Capital` total_capital. */
export function nearest(cell: string, columns: readonly string[]): string | undefined {
  const same = columns.find((column) => bare(column) === bare(cell));
  if (same !== undefined) return same;
  const part = columns.filter((column) => wordsOf(cell).every((word) => wordsOf(column).includes(word)));
  return part.length === 1 ? part[0] : closestMatch(plainLowerCase(cell), columns);
}

const SEPARATORS: readonly [sign: string, called: string][] = [
  [';', 'semicolons'],
  ['\t', 'tabs'],
  ['|', 'vertical bars'],
];

/** What is probably wrong with a first line that does not have the required columns, and what to do. */
function likelyCause(
  head: string,
  after: readonly (string | null)[],
  cells: readonly string[],
  missing: readonly string[],
  { required, optional }: Columns,
): string | undefined {
  const has = (line: string, separator: string) => {
    const names = line.split(separator).map((cell) => plainLowerCase(cell.trim().replace(/^"(.*)"$/, '$1')));
    return required.every((column) => names.includes(column));
  };
  const other = SEPARATORS.find(([sign]) =>
    [head, ...after].some((line) => line !== null && has(line, sign)),
  );
  if (other) return `Its fields are separated by ${other[1]}; they must be separated by commas.`;
  const at = after.findIndex((line) => line !== null && has(line, ','));
  if (/^"?sep=/i.test(head)) return 'Its first line says "sep=", as spreadsheets write it: delete that line.';
  if (at >= 0) return `Its header is line ${at + 2} of the text: delete what stands before it.`;
  const named = cells.filter((cell) => ![...required, ...optional].includes(plainLowerCase(cell)));
  const guesses = missing.flatMap((column) => {
    const guess = named.find((cell) => nearest(cell, [column]) !== undefined);
    return guess === undefined ? [] : [`${column} for "${shown(guess)}"`];
  });
  return guesses.length > 0 ? `Rename columns: ${guesses.join(', ')}.` : undefined;
}
