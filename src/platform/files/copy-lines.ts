import type { Field, Fields } from '../../cli/result.ts';
import { COPY_NULL } from './copy-text.ts';

/** The formats of a file of rows. */
export const FORMATS = ['csv', 'ndjson'] as const;
export type Format = (typeof FORMATS)[number];

const [TAB, LINE, SPACE, BACKSLASH, N] = [0x09, 0x0a, 0x20, 0x5c, 0x4e];
const [T, Z, POINT, MINUS, ZERO] = [0x54, 0x5a, 0x2e, 0x2d, 0x30];
// A time of COPY ends with its seconds, or with as many digits of them as are not 0; ours has six, and a Z.
const SECONDS = '2026-01-31 03:45:00'.length;
const MICROSECONDS = '2026-01-31 03:45:00.000000'.length;
const DAY = '2026-01-31'.length;
const COPY_NULL_BYTES = `${COPY_NULL}\t`.length;

/** A table of bytes, with 1 for those of a text. */
function bytesOf(text: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of Buffer.from(text)) table[byte] = 1;
  return table;
}

/** Printable ASCII but for what a format quotes or escapes. */
function plainText(quoted: string): Uint8Array {
  const plain = new Uint8Array(256).fill(1, SPACE, 0x7f);
  for (const byte of Buffer.from(`\\"${quoted}`)) plain[byte] = 0;
  return plain;
}

const NONE = bytesOf('');
const TEXT: Readonly<Record<Format, Uint8Array>> = { csv: plainText(','), ndjson: plainText('') };
/** The bytes of other values that are written as PostgreSQL writes them: no power of ten, no infinity, no year before ours. */
const OTHERS: Readonly<Partial<Record<Field['type'], Uint8Array>>> = {
  integer: bytesOf('-0123456789'),
  number: bytesOf('-.0123456789'),
  money: bytesOf('-.0123456789'),
  time: bytesOf('-:. 0123456789'),
};

/** Bytes that a spreadsheet takes for the beginning of a formula, and the blank, which it passes over before one. */
const FORMULA = bytesOf('=+-@ ');

/** Completes a value in the output; returns its new end, or undefined where it is written in another way. */
type Complete = (out: Buffer, start: number, end: number) => number | undefined;
const COMPLETE: Readonly<Partial<Record<Field['type'], { complete: Complete; growth: number }>>> = {
  number: { complete: (out, start, end) => (isMinusZero(out, start, end) ? undefined : end), growth: 0 },
  money: { complete: completeMoney, growth: '.00'.length },
  time: { complete: completeTime, growth: MICROSECONDS - SECONDS + 'Z'.length },
};

interface Column {
  /** The bytes before and after a value, and those of a NULL. */
  before: Buffer;
  after: Buffer;
  absent: Buffer;
  /** The bytes of a value that are copied, and those that it may not begin with. */
  plain: Uint8Array;
  barred: Uint8Array;
  complete: Complete | undefined;
  /** The most bytes that a value grows by. */
  growth: number;
}

/** Lines of the format, how many, and where the line of COPY begins that is the first without its own. */
interface Written {
  text: Buffer;
  rows: number;
  end: number;
}

/**
 * Turns lines of COPY from one of them on into lines of the format byte by byte, many times as fast as row by row. Ends
 * before a value that is not plain: to be quoted, escaped, written in another way or kept from being a formula.
 */
export function lineWriter(
  names: readonly string[],
  fields: Fields,
  format: Format,
): (lines: Buffer, start: number) => Written {
  const columns = names.map((name, i) => columnOf(name, fields[name] as Field, format, i, names.length));
  const growth = columns.reduce((sum, column) => sum + column.growth, 0);
  let out = Buffer.alloc(0);
  return (lines, start) => {
    // Every value has a byte behind it, so that there are no more rows than this.
    const most = Math.ceil((lines.length - start) / columns.length);
    const needed = lines.length - start + most * growth;
    if (out.length < needed) out = Buffer.allocUnsafe(needed);
    const place = { from: start, to: 0 };
    let written = { to: 0, rows: 0, end: start };
    while (place.from < lines.length && columns.every((column) => writeValue(lines, out, place, column)))
      written = { to: place.to, rows: written.rows + 1, end: place.from };
    return { text: Buffer.from(out.subarray(0, written.to)), rows: written.rows, end: written.end };
  };
}

function columnOf(name: string, { type }: Field, format: Format, i: number, of: number): Column {
  const last = i === of - 1;
  const { complete, growth = 0 } = COMPLETE[type] ?? {};
  const texts = format === 'csv' ? csvTexts(last) : jsonTexts(name, type, i === 0, last);
  const before = Buffer.from(texts.before);
  const after = Buffer.from(texts.after);
  const absent = Buffer.from(texts.absent);
  return {
    before,
    after,
    absent,
    plain: type === 'text' ? TEXT[format] : (OTHERS[type] ?? NONE),
    barred: format === 'csv' && type === 'text' ? FORMULA : NONE,
    complete,
    growth: Math.max(before.length + after.length - 1 + growth, absent.length - COPY_NULL_BYTES, 0),
  };
}

function csvTexts(last: boolean) {
  const separator = last ? '\n' : ',';
  return { before: '', after: separator, absent: separator };
}

function jsonTexts(name: string, type: Field['type'], first: boolean, last: boolean) {
  const quote = type === 'integer' || type === 'number' ? '' : '"';
  const label = `${first ? '{' : ''}${JSON.stringify(name)}:`;
  const separator = last ? '}\n' : ',';
  return { before: label + quote, after: quote + separator, absent: `${label}null${separator}` };
}

/** Writes the value at `place.from` and moves both behind it; false where it is not plain. */
function writeValue(
  lines: Buffer,
  out: Buffer,
  place: { from: number; to: number },
  { before, after, absent, plain, barred, complete }: Column,
): boolean {
  let { from, to } = place;
  let byte = lines[from] as number;
  if (byte === BACKSLASH) {
    if (lines[from + 1] !== N) return false;
    place.to = put(absent, out, to);
    place.from = from + COPY_NULL_BYTES;
    return true;
  }
  if (barred[byte] === 1) return false;
  const start = put(before, out, to);
  for (to = start; plain[byte] === 1; byte = lines[++from] as number) out[to++] = byte;
  if (byte !== TAB && byte !== LINE) return false;
  const end = complete ? complete(out, start, to) : to;
  if (end === undefined) return false;
  place.to = put(after, out, end);
  place.from = from + 1;
  return true;
}

/** Gives a time six digits of a second and a Z; not one in a year of five digits. */
function completeTime(out: Buffer, start: number, end: number): number | undefined {
  let to = end;
  if (to - start < SECONDS || to - start > MICROSECONDS || out[start + DAY] !== SPACE) return undefined;
  out[start + DAY] = T;
  if (to - start === SECONDS) out[to++] = POINT;
  while (to - start < MICROSECONDS) out[to++] = ZERO;
  out[to++] = Z;
  return to;
}

/** Gives an amount of money at least two digits behind the point. */
function completeMoney(out: Buffer, start: number, end: number): number | undefined {
  if (isMinusZero(out, start, end)) return undefined;
  let to = end;
  let point = end - 1;
  while (point > start && out[point] !== POINT) point--;
  if (point === start) {
    point = to;
    out[to++] = POINT;
  }
  while (to - point < '.00'.length) out[to++] = ZERO;
  return to;
}

/** A double may be minus zero, which is nothing but zero to whoever reads it. */
function isMinusZero(out: Buffer, start: number, end: number): boolean {
  if (out[start] !== MINUS) return false;
  let at = start + 1;
  while (at < end && (out[at] as number) <= ZERO) at++;
  return at === end;
}

/** Copies a few bytes: a loop is faster than copy() here. */
function put(bytes: Buffer, out: Buffer, at: number): number {
  for (let i = 0; i < bytes.length; i++) out[at + i] = bytes[i] as number;
  return at + bytes.length;
}

/** Where so many lines from one of them on end, or all. */
export function endOfLines(lines: Buffer, start: number, count: number): number {
  let end = start;
  for (let i = 0; i < count && end < lines.length; i++) end = lines.indexOf(LINE, end) + 1;
  return end;
}

/** How many lines there are. */
export function countLines(lines: Buffer): number {
  let n = 0;
  for (let at = lines.indexOf(LINE); at !== -1; at = lines.indexOf(LINE, at + 1)) n++;
  return n;
}
