import { usage } from '../../util/failure.ts';
import { closestMatch, escapeControls, plainLowerCase, truncate } from '../../util/text.ts';
import { splitRow } from './split-row.ts';

/** The columns that a file may have. */
export interface Columns {
  required: readonly string[];
  optional: readonly string[];
  /** Columns by other names that the file has for them, in lower case; then columns that are unknown are ignored. */
  renames?: ReadonlyMap<string, string> | undefined;
  /** A valid header, where the required columns alone are none. */
  example?: string;
}

/** What stands in a place of every row: a column, one that is left out, or nothing, as a spreadsheet leaves it. */
export type Place = 'column' | 'other' | 'nameless';

export interface Header {
  /** The columns of `known` in the order of the file. */
  columns: string[];
  /** One for each field of a row. */
  places: Place[];
  /** Columns that are left out. */
  others: string[];
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
  const all = [...known.required, ...known.optional];
  const { renames } = known;
  const names = cells.map((cell) => renames?.get(plainLowerCase(cell)) ?? plainLowerCase(cell));
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
    const near = renames ? undefined : nearest(cell, free);
    if (near !== undefined)
      throw usage(
        `${name} has a column "${shown(cell)}", which is unknown; did you mean ${near}?`,
        'Rename the column, or delete it.',
      );
  }
  const places = names.map((column, i) =>
    i >= end ? 'nameless' : all.includes(column) ? 'column' : 'other',
  );
  return {
    columns: names.filter((_column, i) => places[i] === 'column'),
    places,
    others: renames ? [] : names.filter((_column, i) => places[i] === 'other'),
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
