import { displayOf } from './display.ts';
import type { Io } from './io.ts';
import { renderTable } from './render-table.ts';
import type { Part, RenderOptions, TablePart } from './result.ts';
import { columnValue, type Row } from './rows.ts';

/**
 * Renders one record for a terminal: the parts of its page, if the verb has one and no columns were chosen, else its columns as
 * `name value` lines, followed by its nested tables and its charts.
 */
export async function renderCard(row: Row, all: string[], style: RenderOptions, io: Io): Promise<void> {
  const isChosen = style.flags.columns !== undefined;
  const parts = isChosen ? undefined : await style.page?.(row);
  if (parts) return renderPage(parts, style, io);
  const names = all.filter((name) => columnValue(row, name) !== undefined);
  const plain = names.filter((name) => !style.fields[name]?.of);
  await renderValues(row, plain, widest(plain), style, io);
  for (const name of names) {
    const { of } = style.fields[name] ?? {};
    const rows = columnValue(row, name) as readonly Row[];
    if (!of || rows.length === 0) continue;
    await io.out.write('\n');
    await renderNested({ title: name, rows, fields: of, all: `--json ${name}` }, style, io);
  }
  const terminal = { columns: io.out.columns, unicode: io.unicode, paint: io.paint(io.out) };
  const drawn = isChosen ? undefined : await style.charts?.(row, terminal);
  await io.out.write((drawn ?? []).map((line) => `${line}\n`).join(''));
}

/** The parts of a page that say something, the names of all values in one column. */
async function renderPage(all: readonly Part[], style: RenderOptions, io: Io): Promise<void> {
  const paint = io.paint(io.out);
  const namesOf = (part: Part) =>
    'row' in part ? Object.keys(part.fields).filter((name) => isShown(part, name)) : [];
  const parts = all.filter((part) => 'rows' in part || namesOf(part).length > 0);
  const width = widest(parts.flatMap(namesOf));
  for (const [i, part] of parts.entries()) {
    if (i > 0) await io.out.write('\n');
    if ('rows' in part) await renderNested(part, style, io);
    else {
      await io.out.write(`${paint.bold(part.title)}\n`);
      await renderValues(part.row, namesOf(part), width, { ...style, fields: part.fields }, io);
    }
  }
}

/** A column that lists hide is worth a line only where it says something. */
function isShown({ row, fields }: { row: Row; fields: RenderOptions['fields'] }, name: string): boolean {
  const value = columnValue(row, name);
  return value !== undefined && (!fields[name]?.hidden || (value !== null && value !== ''));
}

/** Values as `name value` lines. */
async function renderValues(
  row: Row,
  names: readonly string[],
  width: number,
  style: RenderOptions,
  io: Io,
): Promise<void> {
  const paint = io.paint(io.out);
  const { text, painted, noteZone } = await displayOf(style, names, io);
  const lines = names.map(
    (name) => `${paint.dim(name.padEnd(width))}  ${painted(text(row, name), row, name)}\n`,
  );
  await io.out.write(lines.join(''));
  noteZone(names);
}

/** A table under its heading; columns that do not fit are told of afterwards. */
async function renderNested(part: TablePart, style: RenderOptions, io: Io): Promise<void> {
  const { title, rows, fields, all, most } = part;
  const paint = io.paint(io.out);
  await io.out.write(`${paint.bold(title)}\n`);
  if (rows.length === 0) return io.out.write(`${paint.dim('none')}\n`);
  const { missing } = await renderTable(rows.slice(0, most), Object.keys(fields), { ...style, fields }, io);
  if (most !== undefined && rows.length > most) await io.out.write(`${paint.dim(`More: ${all}`)}\n`);
  if (missing.length > 0)
    io.afterwards.push(`Not shown of ${title} at this width: ${missing.join(', ')}. All: ${all}`);
}

const widest = (names: readonly string[]) => Math.max(0, ...names.map((name) => name.length));
