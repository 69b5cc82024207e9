import { nearest, safeJson, visible } from '../util/text.ts';
import { formatTime } from '../util/time.ts';
import { usage } from './errors.ts';
import type { Io } from './io.ts';

/**
 * How the values of one column are written. `hidden` columns stand only in JSON and where asked for by name, or by
 * the switch `shownBy`.
 */
export interface Field {
  type: 'text' | 'integer' | 'number' | 'money' | 'time' | 'boolean' | 'json';
  hidden?: true;
  shownBy?: string;
}
export type Fields = Readonly<Record<string, Field>>;
export type Row = object;

/** What a verb returns when its rows are themselves the finding: the data is printed and the command ends 6. */
export class Found {
  readonly data: Row | readonly Row[];
  constructor(data: Row | readonly Row[]) {
    this.data = data;
  }
}

export type Result = Row | readonly Row[] | AsyncIterable<Row> | Found;

export interface OutputFlags {
  json?: true | string;
  csv?: boolean;
  columns?: string;
  utc?: boolean;
}

export interface Style {
  now: Date;
  timeZone: () => Promise<string>;
  flags: OutputFlags;
  fields: Fields;
}

/** Throws a usage error (with the list of columns) where --json or --columns names one that is not there. */
export function checkColumns(fields: Fields, flags: OutputFlags): void {
  const modes = [flags.json !== undefined, flags.csv === true].filter(Boolean).length;
  if (modes > 1) throw usage('--json and --csv exclude each other.');
  selection(fields, flags);
}

function selection(fields: Fields, { json, columns }: OutputFlags): string[] {
  const asked = typeof json === 'string' ? json : columns;
  const names = Object.keys(fields);
  if (asked === undefined) return names.filter((name) => json === true || !fields[name]?.hidden);
  const chosen = asked.split(',').map((name) => name.trim());
  for (const name of chosen) {
    if (names.includes(name)) continue;
    const guess = nearest(name, names);
    throw usage(
      `There is no column "${name}"${guess ? `; did you mean ${guess}?` : '.'}`,
      `The columns are: ${names.join(', ')}.`,
    );
  }
  return chosen;
}

/** Writes a verb's result to stdout, as JSON, CSV, a table for a terminal or tab-separated text for a pipe. */
export async function render(
  result: Row | readonly Row[] | AsyncIterable<Row>,
  style: Style,
  io: Io,
): Promise<void> {
  const names = selection(style.fields, style.flags);
  const pick = (row: Row) => names.map((name) => (row as Record<string, unknown>)[name]);
  const single = !Array.isArray(result) && !(Symbol.asyncIterator in result);
  if (single) return renderOne(pick(result), names, style, io);
  const rows = result as readonly Row[] | AsyncIterable<Row>;
  if (style.flags.json !== undefined) return renderJson(rows, names, io);
  if (style.flags.csv) return renderCsv(rows, names, style.fields, io);
  if (io.out.isTTY) return renderTable(rows, names, style, io);
  for await (const chunk of chunks(rows)) {
    await io.out.write(chunk.map((row) => `${pick(row).map(plain).join('\t')}\n`).join(''));
  }
}

async function renderOne(values: unknown[], names: string[], style: Style, io: Io): Promise<void> {
  const row = Object.fromEntries(names.map((name, i) => [name, values[i] ?? null]));
  if (style.flags.json !== undefined) return io.out.write(`${safeJson(row, io.out.isTTY ? 2 : undefined)}\n`);
  if (style.flags.csv) return renderCsv([row], names, style.fields, io);
  if (!io.out.isTTY) return io.out.write(names.map((name) => `${name}\t${plain(row[name])}\n`).join(''));
  const paint = await io.paint(io.out);
  const width = Math.max(...names.map((name) => name.length));
  const human = await humanizer(style, names);
  const lines = names.map((name) => `${paint.dim(name.padEnd(width))}  ${human(row[name], name)}`);
  await io.out.write(`${lines.join('\n')}\n`);
}

async function renderJson(rows: readonly Row[] | AsyncIterable<Row>, names: string[], io: Io): Promise<void> {
  let separator = '[';
  for await (const chunk of chunks(rows)) {
    const objects = chunk.map((row) =>
      safeJson(
        Object.fromEntries(names.map((name) => [name, (row as Record<string, unknown>)[name] ?? null])),
      ),
    );
    await io.out.write(`${separator}${objects.join(',\n ')}`);
    separator = ',\n ';
  }
  await io.out.write(separator === '[' ? '[]\n' : ']\n');
}

async function renderCsv(
  rows: readonly Row[] | AsyncIterable<Row>,
  names: string[],
  fields: Fields,
  io: Io,
): Promise<void> {
  const { stringify } = await import('csv-stringify/sync');
  await io.out.write(stringify([names]));
  for await (const chunk of chunks(rows)) {
    const lines = chunk.map((row) =>
      names.map((name) => {
        const value = plain((row as Record<string, unknown>)[name]);
        return guardsFormula(fields[name]) ? inert(value) : value;
      }),
    );
    await io.out.write(stringify(lines));
  }
}

const guardsFormula = (field: Field | undefined) => field?.type === 'text' || field?.type === 'json';

/** A spreadsheet runs text that begins like a formula; a leading apostrophe keeps it text. */
function inert(value: string): string {
  return /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
}

const NUMERIC = new Set<Field['type']>(['integer', 'number', 'money']);

async function renderTable(
  rows: readonly Row[] | AsyncIterable<Row>,
  names: string[],
  style: Style,
  io: Io,
): Promise<void> {
  const { default: Table } = await import('cli-table3');
  const paint = await io.paint(io.out);
  const human = await humanizer(style, names);
  const aligned = names.map((name) => (NUMERIC.has(style.fields[name]?.type ?? 'text') ? 'right' : 'left'));
  for await (const chunk of chunks(rows)) {
    const table = new Table({
      head: names.map((name) => paint.bold(name)),
      colAligns: aligned as ('left' | 'right')[],
      style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 2 },
      chars: BORDERLESS,
    });
    for (const row of chunk)
      table.push(names.map((name) => human((row as Record<string, unknown>)[name], name)));
    await io.out.write(`${table.toString()}\n`);
  }
}

const BORDERLESS = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right']
    .concat(['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'])
    .map((name) => [name, '']),
);

/** A value for machines: untruncated, control characters visible, nothing localised. */
function plain(value: unknown): string {
  if (value === null || value === undefined) return '';
  return visible(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

/** A value for people: rupees grouped the Indian way, recent times relative. */
async function humanizer(
  { fields, now, flags, timeZone }: Style,
  names: readonly string[],
): Promise<(value: unknown, name: string) => string> {
  // The zone is a setting: where no column needs it, a broken configuration is no reason not to print.
  const zone = names.some((name) => fields[name]?.type === 'time') && !flags.utc ? await timeZone() : 'UTC';
  const { formatRupees } = await import('../util/money.ts');
  return (value, name) => {
    if (value === null || value === undefined || value === '') return '-';
    const type = fields[name]?.type;
    if (type === 'money') return formatRupees(String(value));
    if (type === 'boolean') return value ? 'yes' : 'no';
    if (typeof value === 'number') return value.toLocaleString('en-IN', { maximumFractionDigits: 4 });
    return type === 'time' && !flags.utc ? formatTime(String(value), now, zone) : plain(value);
  };
}

const CHUNK = 1_000;

async function* chunks(rows: readonly Row[] | AsyncIterable<Row>): AsyncGenerator<Row[]> {
  let chunk: Row[] = [];
  for await (const row of rows) {
    chunk.push(row);
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
