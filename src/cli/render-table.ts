import Table from 'cli-table3';
import { amountText, formatRupees } from '../domain/money.ts';
import { cutToWidth, textWidth } from '../util/text-width.ts';
import { formatTime } from '../util/time.ts';
import type { Io } from './io.ts';
import { toPlainText } from './machine-text.ts';
import type { Field, RenderOptions } from './result.ts';
import { chunks, columnValue, type Row, type Rows } from './rows.ts';

const NUMERIC = new Set<Field['type']>(['integer', 'number', 'money']);

/** Rows as a table for a terminal. */
export async function renderTable(rows: Rows, names: string[], style: RenderOptions, io: Io): Promise<void> {
  const paint = await io.paint(io.out);
  const human = await displayFormatter(style, names);
  const aligned = names.map((name) => (NUMERIC.has(style.fields[name]?.type ?? 'text') ? 'right' : 'left'));
  for await (const chunk of chunks(rows, io.out)) {
    const table = new Table({
      head: names.map((name) => paint.bold(name)),
      colAligns: aligned as ('left' | 'right')[],
      style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 2 },
      chars: BORDERLESS,
    });
    const shown: string[] = [];
    for (const row of chunk)
      table.push(names.map((name) => placeholder(cell(human(columnValue(row, name), name)), shown)));
    await io.out.write(`${fillIn(table.toString(), shown)}\n`);
  }
}

const MAX_COLUMNS = 500;

/** A text as a cell of a table shows it: what is longer than 500 columns is cut. */
export const cell = (text: string): string => cutToWidth(text, MAX_COLUMNS);

// The library measures a text with wide characters again and again for each of its characters, so it gets private-use
// characters of the same width instead.
const FIRST = '\ue000';
const REST = '\ue001';

function placeholder(text: string, shown: string[]): string {
  const width = textWidth(text);
  if (width === 0 || /^[\x20-\x7e]*$/.test(text)) return text;
  shown.push(text);
  return FIRST + REST.repeat(width - 1);
}

function fillIn(table: string, shown: readonly string[]): string {
  let next = 0;
  return table.replace(/\ue000\ue001*/g, () => shown[next++] ?? '');
}

const BORDERLESS = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right']
    .concat(['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'])
    .map((name) => [name, '']),
);

/** Renders one record as `name value` lines, followed by its nested tables. */
export async function renderCard(row: Row, all: string[], style: RenderOptions, io: Io): Promise<void> {
  const paint = await io.paint(io.out);
  const names = all.filter((name) => columnValue(row, name) !== undefined);
  const plainNames = names.filter((name) => !style.fields[name]?.of);
  const width = Math.max(...plainNames.map((name) => name.length));
  const human = await displayFormatter(style, plainNames);
  const lines = plainNames.map(
    (name) => `${paint.dim(name.padEnd(width))}  ${human(columnValue(row, name), name)}`,
  );
  await io.out.write(lines.map((line) => `${line}\n`).join(''));
  for (const name of names) {
    const { of } = style.fields[name] ?? {};
    const within = columnValue(row, name) as Row[];
    if (!of || within.length === 0) continue;
    await io.out.write(`\n${paint.bold(name)}\n`);
    await renderTable(within, Object.keys(of), { ...style, fields: of }, io);
  }
}

/** A value for people: rupees grouped the Indian way, recent times relative. */
export async function displayFormatter(
  { fields, now, flags, timeZone }: RenderOptions,
  names: readonly string[],
): Promise<(value: unknown, name: string) => string> {
  // Loaded only if a column needs the time zone, so that a broken configuration does not prevent other output.
  const zone = names.some((name) => fields[name]?.type === 'time') && !flags.utc ? await timeZone() : 'UTC';
  return (value, name) => {
    if (value === null || value === undefined || value === '') return '-';
    const type = fields[name]?.type;
    if (type === 'money') return rupees(value);
    if (type === 'boolean') return value ? 'yes' : 'no';
    if (typeof value === 'number') return value.toLocaleString('en-IN', { maximumFractionDigits: 4 });
    return type === 'time' && !flags.utc ? formatTime(toPlainText(value), now, zone) : toPlainText(value);
  };
}

/** An amount with the paisa and, of a double, two digits more. */
function rupees(value: unknown): string {
  if (typeof value !== 'number') return formatRupees(toPlainText(value));
  return formatRupees(amountText(Number(value.toFixed(4))));
}
