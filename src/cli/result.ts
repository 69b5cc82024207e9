import type { ChalkInstance } from 'chalk';
import type { Row, Rows } from './rows.ts';

/**
 * How the values of one column are written. `hidden` columns stand only in JSON and where asked for by name, or by
 * the flag `shownBy`.
 */
export interface Field {
  type: 'text' | 'integer' | 'number' | 'money' | 'time' | 'boolean' | 'json' | 'rows';
  /** The columns of `rows`: a table within a single thing, which a terminal shows beneath it. */
  of?: Fields;
  hidden?: true | undefined;
  shownBy?: string;
  /** A secret: shown when it is made, kept nowhere. */
  once?: true;
}

export type Fields = Readonly<Record<string, Field>>;
/**
 * What a verb returns when its rows are themselves the finding: the data is printed and the command ends 6, or 11
 * where the finding is a secret that cannot be trusted.
 */
export class Finding {
  readonly data: Row | readonly Row[];
  readonly kind: 'found' | 'integrity';
  constructor(data: Row | readonly Row[], kind: Finding['kind'] = 'found') {
    this.data = data;
    this.kind = kind;
  }
}

/** What a verb returns when its data is text as it stands, in a format that its own flags chose. */
export class RawOutput {
  readonly pieces: AsyncIterable<Uint8Array> | readonly Uint8Array[];
  /** The same for --json, --csv and --columns, where it has such a form. */
  readonly rows: readonly Row[] | undefined;
  constructor(pieces: RawOutput['pieces'], rows?: readonly Row[]) {
    this.pieces = pieces;
    this.rows = rows;
  }
}

export type Result = Row | Rows | Finding | RawOutput;
export interface OutputFlags {
  json?: true | string;
  csv?: boolean;
  columns?: string;
  utc?: boolean;
}
export interface RenderOptions {
  now: Date;
  timeZone: () => Promise<string>;
  flags: OutputFlags;
  fields: Fields;
  /** Each row is written as it comes. */
  live?: StreamFormat | undefined;
}

/** How a verb whose rows come as things happen shows them on a terminal; as columns of a table where it does not say. */
export interface StreamFormat {
  /** The line of a row, of values that are fit for a terminal; `local` makes a time a local one. */
  line?: (text: (name: string) => string, paint: ChalkInstance, local: (time: string) => string) => string;
  /** Whether the terminal rings its bell for a row. */
  rings?: (row: Row) => boolean;
}
