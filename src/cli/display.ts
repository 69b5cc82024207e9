import { type Meaning, meaningOf } from '../domain/meaning.ts';
import { formatPrice, formatRupees, groupDigits, toPaisa } from '../domain/money.ts';
import { formatDuration } from '../util/duration.ts';
import { formatTime } from '../util/time.ts';
import { sparkline } from './charts/sparkline.ts';
import { plainly } from './charts/terminal.ts';
import { useBar } from './charts/use-bar.ts';
import { coloursOf } from './colours.ts';
import type { Io } from './io.ts';
import { toPlainText } from './machine-text.ts';
import type { Field, Kind, RenderOptions } from './result.ts';
import { columnValue, type Row } from './rows.ts';
import { zoneNote } from './zone-note.ts';

/** How a terminal shows the values of a row. */
export interface Display {
  /** A value for people: rupees grouped the Indian way, recent times relative. */
  text: (row: Row, name: string) => string;
  /** The text of a value, perhaps cut, in the colour of what it says. */
  painted: (text: string, row: Row, name: string) => string;
  /** Notes the time zone once, where one of these columns has shown the time of a clock. */
  noteZone: (names: readonly string[]) => void;
}

/** What stands where there is no value. */
export const NONE = '-';

/** The display of these columns. */
export async function displayOf(
  { fields, now, flags, timeZone }: RenderOptions,
  names: readonly string[],
  io: Pick<Io, 'unicode' | 'paint' | 'out' | 'afterwards'>,
): Promise<Display> {
  // Loaded only if a column needs the time zone, so that a broken configuration does not prevent other output.
  const zone = names.some((name) => fields[name]?.type === 'time') && !flags.utc ? await timeZone() : 'UTC';
  const colours = coloursOf(io.paint(io.out));
  const clocks = new Set<string>();
  return {
    text(row, name) {
      const value = columnValue(row, name);
      if (value === null || value === undefined || value === '') return NONE;
      const field = fields[name];
      if (field?.type === 'time' && !flags.utc) {
        const time = formatTime(toPlainText(value), now, zone);
        if (CLOCK.test(time)) clocks.add(name);
        return time;
      }
      if (Array.isArray(value) && field?.type === 'amounts') return sparkline(value.map(Number), io.unicode);
      return plainly(
        wordText(value, field) ?? numberText(value, field, row, io.unicode) ?? toPlainText(value),
        io,
      );
    },
    painted(text, row, name) {
      const meaning = meaningIn(text, fields[name], row, columnValue(row, name));
      return meaning === undefined ? text : colours[meaning](text);
    },
    noteZone(shown) {
      const note = zoneNote(zone);
      if (shown.some((name) => clocks.has(name)) && !io.afterwards.includes(note)) io.afterwards.push(note);
    },
  };
}

/** A time that is not told by its age. */
const CLOCK = /^\d{4}-/;

/** Yes or no, or several words; undefined of what is neither. */
function wordText(value: unknown, field: Field | undefined): string | undefined {
  if (field?.type === 'boolean') return value ? 'yes' : 'no';
  if (field?.type !== 'json' || !isWords(value)) return undefined;
  return value.length === 0 ? NONE : value.map(toPlainText).join(', ');
}

/** Whether a value is a list of mere words, such as symbols. */
const isWords = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string');

/** From this percentage of what may be used on, it is nearly used up. */
const NEARLY = 80;

function meaningOfUse(percent: number): Meaning | undefined {
  if (percent >= 100) return 'bad';
  return percent >= NEARLY ? 'waiting' : undefined;
}

const kindOf = ({ kind }: Field, row: Row): Kind | undefined =>
  typeof kind === 'function' ? kind(row) : kind;

/** Whether it is won or lost, and has its sign. */
const isWon = (kind: Kind | undefined) => kind === 'gain' || kind === 'profit';

/** What a value says, which its text says, too: a word, yes, or a sign before an amount. */
function meaningIn(text: string, field: Field | undefined, row: Row, value: unknown): Meaning | undefined {
  const kind = field && kindOf(field, row);
  if (kind === 'state') return meaningOf(String(value));
  if (kind === 'alarm') return value === true ? 'bad' : undefined;
  if (kind === 'use') return meaningOfUse(Number(value));
  if (!isWon(kind) || text === NONE) return undefined;
  return text.startsWith('+') ? 'good' : text.startsWith('-') ? 'bad' : undefined;
}

/** An amount, a price, a percentage or another number; undefined of what is none of them. */
function numberText(
  value: unknown,
  field: Field | undefined,
  row: Row,
  unicode: boolean,
): string | undefined {
  if (field === undefined || (typeof value !== 'number' && typeof value !== 'string')) return undefined;
  if (!NUMERIC.has(field.type) || !Number.isFinite(Number(value))) return undefined;
  const kind = kindOf(field, row);
  const signed = (text: string) =>
    isWon(kind) && Number(value) > 0 && /[1-9]/.test(text) ? `+${text}` : text;
  if (field.type === 'money' || kind === 'rupees' || kind === 'profit')
    return signed(formatRupees(toPaisa(value)));
  // Nothing has a price of zero: it stands where there is none, as of an order at the market.
  if (kind === 'price') return Number(value) === 0 ? NONE : formatPrice(value);
  if (kind === 'seconds') return formatDuration(Number(value) * 1_000);
  if (kind === 'use') return useBar(Number(value), unicode);
  if (kind === 'gain' || kind === 'percent') return signed(`${groupDigits(toPaisa(value))}%`);
  return groupDigits(typeof value === 'number' ? rounded(value) : value);
}

const NUMERIC = new Set<Field['type']>(['integer', 'number', 'money']);

/** Whether a column stands at the right, its points beneath each other. */
export const isNumeric = (field: Field | undefined): boolean =>
  field !== undefined && NUMERIC.has(field.type);

/** With at most four decimals, as the smallest tick has them. */
const rounded = (value: number | string) => String(Number(Number(value).toFixed(4)) + 0);
