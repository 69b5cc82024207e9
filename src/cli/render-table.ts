import { shortestIds } from '../domain/id.ts';
import { amountText, formatRupees } from '../domain/money.ts';
import { cutToWidth, padToWidth, textWidth } from '../util/text-width.ts';
import { formatTime } from '../util/time.ts';
import { sparkline } from './charts/sparkline.ts';
import { type Column, fitColumns, GAP } from './fit-columns.ts';
import type { Io } from './io.ts';
import { toPlainText } from './machine-text.ts';
import type { Field, RenderOptions } from './result.ts';
import { chunks, columnValue, type Row, type Rows } from './rows.ts';

const NUMERIC = new Set<Field['type']>(['integer', 'number', 'money']);

/**
 * Rows as a table for a terminal, within its width unless the columns were chosen: shortened ids and long texts end with an
 * ellipsis. Returns how many rows there were, and which columns are left out.
 */
export async function renderTable(
  rows: Rows,
  names: string[],
  style: RenderOptions,
  io: Io,
): Promise<{ count: number; missing: string[] }> {
  const paint = await io.paint(io.out);
  const human = await displayFormatter(style, names, io);
  const available = style.flags.columns === undefined ? io.out.width : undefined;
  let [left, count] = [names, 0];
  for await (const chunk of chunks(rows, io.out)) {
    const all = left.map((name) => {
      const texts = chunk.map((row) => cell(human(columnValue(row, name), name)));
      return { ...measured(name, texts, style.fields[name]), texts };
    });
    const columns = available === undefined ? all : (fitColumns(all, available) as typeof all);
    left = columns.map(({ name }) => name);
    const lines = chunk.map((_, i) => aligned(columns, style, ({ texts }) => texts[i] ?? ''));
    if (count === 0) lines.unshift(paint.bold(aligned(columns, style, ({ name }) => name)));
    count += chunk.length;
    await io.out.write(lines.map((line) => `${line}\n`).join(''));
  }
  return { count, missing: names.filter((name) => !left.includes(name)) };
}

/** A line of a table; amounts and counts stand at the right of their column. */
function aligned<C extends Column>(
  columns: readonly C[],
  style: RenderOptions,
  textOf: (column: C) => string,
): string {
  const cells = columns.map((column) => {
    const side = NUMERIC.has(style.fields[column.name]?.type ?? 'text') ? 'right' : 'left';
    return padToWidth(cutToWidth(textOf(column), column.width), column.width, side);
  });
  return cells.join(' '.repeat(GAP)).trimEnd();
}

/** Prose keeps so many columns. */
const TEXT_COLUMNS = 24;
/** What is longer is no id or word. */
const MAX_WORD = 50;

/** A column by its texts. An id may become as short as tells it from the others, a text with spaces as TEXT_COLUMNS. */
function measured(name: string, texts: readonly string[], field: Field | undefined): Column {
  const width = Math.max(textWidth(name), ...texts.map(textWidth));
  // The fields of a run have such a column only where its flag is given.
  const asked = (field?.onlyWithFlag ?? field?.shownWithFlag) !== undefined;
  const kept = { minor: field?.minor === true && !asked, asked };
  if (field?.type !== 'text' && field?.type !== 'json') return { name, width, least: width, ...kept };
  const isProse = field.type === 'json' || texts.some((text) => text.includes(' ') || text.length > MAX_WORD);
  const least = Math.max(textWidth(name), isProse ? TEXT_COLUMNS : shortestIds(texts));
  return { name, width, least: Math.min(width, least), ...kept };
}

const MAX_COLUMNS = 500;

/** A text as a cell of a table shows it: what is longer than 500 columns is cut. */
export const cell = (text: string): string => cutToWidth(text, MAX_COLUMNS);

/** Renders one record as `name value` lines, followed by its nested tables. */
export async function renderCard(row: Row, all: string[], style: RenderOptions, io: Io): Promise<void> {
  const paint = await io.paint(io.out);
  const names = all.filter((name) => columnValue(row, name) !== undefined);
  const plainNames = names.filter((name) => !style.fields[name]?.of);
  const width = Math.max(...plainNames.map((name) => name.length));
  const human = await displayFormatter(style, plainNames, io);
  const lines = plainNames.map(
    (name) => `${paint.dim(name.padEnd(width))}  ${human(columnValue(row, name), name)}`,
  );
  await io.out.write(lines.map((line) => `${line}\n`).join(''));
  for (const name of names) {
    const { of } = style.fields[name] ?? {};
    const within = columnValue(row, name) as Row[];
    if (!of || within.length === 0) continue;
    await io.out.write(`\n${paint.bold(name)}\n`);
    const { missing } = await renderTable(within, Object.keys(of), { ...style, fields: of }, io);
    if (missing.length > 0)
      io.afterwards.push(`Not shown of ${name} at this width: ${missing.join(', ')}. All: --json ${name}`);
  }
  const isChosen = style.flags.columns !== undefined;
  const terminal = { columns: io.out.columns, unicode: io.unicode, paint };
  const drawn = isChosen ? undefined : await style.charts?.(row, terminal);
  await io.out.write((drawn ?? []).map((line) => `${line}\n`).join(''));
}

/** A value for people: rupees grouped the Indian way, recent times relative. */
export async function displayFormatter(
  { fields, now, flags, timeZone }: RenderOptions,
  names: readonly string[],
  { unicode }: Pick<Io, 'unicode'>,
): Promise<(value: unknown, name: string) => string> {
  // Loaded only if a column needs the time zone, so that a broken configuration does not prevent other output.
  const zone = names.some((name) => fields[name]?.type === 'time') && !flags.utc ? await timeZone() : 'UTC';
  return (value, name) => {
    if (value === null || value === undefined || value === '') return '-';
    const type = fields[name]?.type;
    if (type === 'money') return rupees(value);
    if (Array.isArray(value) && type === 'amounts') return sparkline(value.map(Number), unicode);
    if (type === 'boolean') return yesOrNo(value);
    if (typeof value === 'number') return value.toLocaleString('en-IN', { maximumFractionDigits: 4 });
    return type === 'time' && !flags.utc ? formatTime(toPlainText(value), now, zone) : toPlainText(value);
  };
}

const yesOrNo = (value: unknown) => (value ? 'yes' : 'no');

/** An amount with the paisa and, of a double, two digits more. */
function rupees(value: unknown): string {
  if (typeof value !== 'number') return formatRupees(toPlainText(value));
  return formatRupees(amountText(Number(value.toFixed(4))));
}
