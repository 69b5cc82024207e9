import type { Paint } from '../util/paint.ts';
import type { Terminal } from './charts/terminal.ts';
import type { Row } from './rows.ts';

/**
 * What a person should see in a value beyond its type, on a terminal alone. `state` is a status, a side or a level; `alarm` a
 * boolean of which yes needs somebody; `gain` an amount or a percentage that is won or lost, `profit` the same in rupees where the column
 * has other units as well; `price` is in rupees per share;
 * `rupees`, `percent` and `seconds` are the units of a number; `use` is a percentage of what may be used, drawn as a bar;
 * `command` is what can be typed as it stands.
 */
export type Kind =
  | 'state'
  | 'alarm'
  | 'gain'
  | 'profit'
  | 'price'
  | 'rupees'
  | 'percent'
  | 'seconds'
  | 'use'
  | 'command';

/**
 * How the values of one column are written. `money` is an amount in rupees and is text in JSON; `number` is what is no
 * sum of money: a price per share, a ratio, a limit of a rule; `amounts` are several in order, which a terminal draws. `hidden` columns appear only in JSON, if named, or with the flag
 * `shownWithFlag`.
 */
export interface Field {
  type: 'text' | 'integer' | 'number' | 'money' | 'time' | 'boolean' | 'json' | 'rows' | 'amounts';
  /** The columns of `rows`: a table within a single thing, which a terminal shows beneath it. */
  of?: Fields;
  /** Where it depends on the row, as a unit may, a function of it. */
  kind?: Kind | ((row: Row) => Kind | undefined);
  /** `piped`: shown on a terminal all the same, as what helps a person to judge the rest. */
  hidden?: true | 'piped' | undefined;
  /** Where a terminal is too narrow for all columns, this one is left out before others. */
  minor?: true;
  /** What a row is judged by: a narrow terminal leaves it out after others. */
  vital?: true;
  shownWithFlag?: string;
  /** The column exists only where this flag is given; `by:user` where it has that word among its values. */
  onlyWithFlag?: string;
  /** The column does not exist where this flag is given. */
  exceptWithFlag?: string;
  /** A secret: shown once when it is created, never stored. */
  secret?: true;
  /** A result may lack the column altogether. */
  optional?: true;
}

export type Fields = Readonly<Record<string, Field>>;

/** The same columns, all optional. */
export function optionalFields<const O extends Fields>(fields: O) {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, { ...field, optional: true }]),
  ) as { readonly [K in keyof O]: O[K] & { readonly optional: true } };
}

/** The same columns, which exist only where a flag is given. */
export function withFlag<const O extends Fields, const F extends string>(flag: F, fields: O) {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, { ...field, onlyWithFlag: flag, optional: true }]),
  ) as { readonly [K in keyof O]: O[K] & { readonly onlyWithFlag: F; readonly optional: true } };
}

/** The same columns, which do not exist where a flag is given. */
export function withoutFlag<const O extends Fields, const F extends string>(flag: F, fields: O) {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, { ...field, exceptWithFlag: flag, optional: true }]),
  ) as { readonly [K in keyof O]: O[K] & { readonly exceptWithFlag: F; readonly optional: true } };
}

/** The type of a non-null value, by the type of its column. */
interface Values {
  text: string;
  /** Text if it may exceed the safe integers of JavaScript. */
  integer: number | string;
  number: number;
  /** Decimal text, or a double of a column that the requirements make one. */
  money: string | number;
  time: string;
  boolean: boolean;
  json: unknown;
  amounts: readonly string[];
}

type ValueOf<F extends Field> = F extends { of: infer O extends Fields }
  ? readonly RowOf<O>[]
  : F['type'] extends keyof Values
    ? Values[F['type']] | null
    : never;

type OptionalIn<O extends Fields> = { [K in keyof O]: O[K] extends { optional: true } ? K : never }[keyof O];

/** A row with these columns, each null if it has no value; for unknown fields, any row. */
export type RowOf<O extends Fields> = string extends keyof O
  ? Row
  : { readonly [K in Exclude<keyof O, OptionalIn<O>>]: ValueOf<O[K]> } & {
      readonly [K in OptionalIn<O>]?: ValueOf<O[K]> | undefined;
    };

/**
 * A verb returns this when its rows are themselves the finding: the data is printed and the exit code is 6, or 11 if
 * the finding is a secret that cannot be trusted; 9 if what became of some of them is unknown, 7 if nobody answered.
 */
export class Finding<R extends Row = Row> {
  readonly data: R | readonly R[];
  readonly kind: 'found' | 'integrity' | 'unknown' | 'unreachable';
  constructor(data: R | readonly R[], kind: Finding['kind'] = 'found') {
    this.data = data;
    this.kind = kind;
  }
}

/** A verb returns this for raw text, in a format that its own flags select. */
export class RawOutput<R extends Row = Row> {
  readonly pieces: AsyncIterable<Uint8Array> | readonly Uint8Array[];
  /** The same data as rows for --json, --csv and --columns, if possible. */
  readonly rows: readonly R[] | undefined;
  constructor(pieces: RawOutput['pieces'], rows?: readonly R[]) {
    this.pieces = pieces;
    this.rows = rows;
  }
}

export type Result<O extends Fields = Fields> =
  | RowOf<O>
  | readonly RowOf<O>[]
  | AsyncIterable<RowOf<O>>
  | Finding<RowOf<O>>
  | RawOutput<RowOf<O>>;

/** What a write did, in a line, and the words after `pinnacle` of what may follow. */
export interface Answer {
  done: string;
  /** A secret that is shown this once, on a line of its own. */
  once?: { what: string; secret: string } | undefined;
  next?: readonly (string | null)[];
}

/** A part of the page that a terminal shows of one thing: values of it, or a table of what is related. */
export type Part = ValuesPart | TablePart;

interface ValuesPart {
  title: string;
  row: Row;
  fields: Fields;
}

export interface TablePart {
  title: string;
  rows: readonly Row[];
  fields: Fields;
  /** The command line that shows all columns and rows. */
  all: string;
  /** No more rows than these are shown. */
  most?: number;
}

/** So many related rows are on a page; one more is read to tell that there are more. */
export const MOST_RELATED = 10;

/** Some of the columns, in this order. */
export const pickFields = <O extends Fields>(fields: O, names: readonly (keyof O & string)[]): Fields =>
  Object.fromEntries(names.map((name) => [name, fields[name] as Field]));

export interface OutputFlags {
  dryRun?: boolean;
  verbose?: boolean;
  json?: true | string;
  jq?: string;
  csv?: boolean;
  columns?: string;
  utc?: boolean;
}
export interface RenderOptions {
  now: Date;
  timeZone: () => Promise<string>;
  flags: OutputFlags;
  fields: Fields;
  /** What a terminal says of one row instead of its columns. */
  answer?: ((row: Row) => Answer) | undefined;
  /** What is said to a person where there are no rows. */
  none?: () => string | undefined;
  /** Each row is written as it comes. */
  live?: StreamFormat | undefined;
  /** What a terminal shows of a single thing instead of its columns. */
  page?: ((row: Row) => Promise<Part[]>) | undefined;
  /** What a terminal shows beneath a single thing, as lines. */
  charts?: ((row: Row, terminal: Terminal) => Promise<string[]>) | undefined;
}

/** How a streaming verb shows its rows on a terminal; by default as columns. */
export interface StreamFormat {
  /** Formats a row whose values are safe for a terminal; `local` converts a time to local time. */
  line?: (text: (name: string) => string, paint: Paint, local: (time: string) => string) => string;
  /** Whether the terminal rings its bell for a row. */
  rings?: (row: Row) => boolean;
}
