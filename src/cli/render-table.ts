import { leastColumns, shortened, WHOLE_ID } from '../domain/shortened-id.ts';
import { cutToWidth, textWidth } from '../util/text-width.ts';
import { broken, ellipsisOf } from './charts/terminal.ts';
import { type Display, displayOf, isNumeric, NONE } from './display.ts';
import { type Column, fitColumns, GAP } from './fit-columns.ts';
import type { Io } from './io.ts';
import type { Field, RenderOptions } from './result.ts';
import { chunks, type Row, type Rows } from './rows.ts';

/**
 * Rows as a table for a terminal, within its width unless the columns were chosen: shortened ids have an ellipsis within,
 * long texts at their end. Returns how many rows there were, and which columns are left out.
 */
export async function renderTable(
  rows: Rows,
  names: string[],
  style: RenderOptions,
  io: Io,
): Promise<{ count: number; missing: string[] }> {
  const paint = io.paint(io.out);
  const display = await displayOf(style, names, io);
  const ellipsis = ellipsisOf(io);
  const available = style.flags.columns === undefined ? io.out.width : undefined;
  let [left, count] = [names, 0];
  for await (const chunk of chunks(rows, io.out)) {
    const all = left.map((name) => columnOf(name, chunk, style.fields[name], display, ellipsis));
    const { columns, beneath } = laidOut(all, available);
    left = [...columns, ...beneath].map(({ name }) => name);
    const lineOf = (row: Row, i: number) => {
      const cells = columns.map((column) =>
        fitted(column.texts[i] ?? '', column, ellipsis, (text) => display.painted(text, row, column.name)),
      );
      const under = beneath.flatMap(({ texts }) => (texts[i] === NONE ? [] : [`  ${texts[i]}\n`]));
      return `${cells.join(' '.repeat(GAP)).trimEnd()}\n${under.join('')}`;
    };
    const only = names.length === 1 ? columns[0] : undefined;
    const lines =
      only === undefined || only.atRight
        ? chunk.map(lineOf)
        : only.texts.map((text) => `${broken(text, available).join('\n')}\n`);
    const heads = columns.map((column) => fitted(column.name, column, ellipsis, paint.bold));
    if (count === 0) lines.unshift(`${heads.join(' '.repeat(GAP)).trimEnd()}\n`);
    count += chunk.length;
    await io.out.write(lines.join(''));
  }
  display.noteZone(left);
  return { count, missing: names.filter((name) => !left.includes(name)) };
}

/** The columns side by side; commands that would be cut there, or that would cut what stands beside them, are beneath their rows. */
function laidOut(all: readonly TextColumn[], available: number | undefined) {
  if (available === undefined) return { columns: all, beneath: [] };
  const fitting = fitColumns(all, available);
  const isWhole = fitting.length === all.length && fitting.every(({ width }, i) => width === all[i]?.width);
  const beneath = isWhole ? [] : all.filter(({ typed }) => typed);
  if (beneath.length === 0) return { columns: fitting, beneath };
  return {
    columns: fitColumns(
      all.filter(({ typed }) => !typed),
      available,
    ),
    beneath,
  };
}

/** A column of a table and its texts. */
interface TextColumn extends Column {
  /** It has what is typed as it stands there, and is not cut. */
  typed: boolean;
  texts: readonly string[];
  atRight: boolean;
}

/** A text in the room of its column and in its colour; amounts and counts stand at the right. */
function fitted(
  whole: string,
  { width, atRight }: TextColumn,
  ellipsis: string,
  painted: (text: string) => string,
): string {
  const text = shortened(whole, width, ellipsis);
  const room = ' '.repeat(width - textWidth(text));
  return atRight ? room + painted(text) : painted(text) + room;
}

/** Prose keeps so many columns. */
const TEXT_COLUMNS = 24;
/** What is longer is no word. An id may be longer, and stays whole, as one that is not generated cannot be given shortened. */
const MAX_WORD = 40;
const MAX_ID = 50;

/** A column by its texts. An id may become as short as tells it from the others, a text with spaces as TEXT_COLUMNS. */
function columnOf(
  name: string,
  rows: readonly Row[],
  field: Field | undefined,
  display: Display,
  ellipsis: string,
): TextColumn {
  const atRight = isNumeric(field);
  const shown = rows.map((row) => cell(display.text(row, name), ellipsis));
  const texts = atRight ? withPointsAligned(shown) : shown;
  const width = Math.max(textWidth(name), ...texts.map(textWidth));
  // The fields of a run have such a column only where its flag is given.
  const asked = (field?.onlyWithFlag ?? field?.shownWithFlag) !== undefined;
  const typed = field?.kind === 'command';
  const minor = field?.minor === true && !asked;
  const vital = field?.vital === true;
  const column = { name, texts, atRight, width, least: width, minor, asked, typed, vital };
  if (field?.type !== 'text' && field?.type !== 'json') return column;
  const longest = name.endsWith('_id') ? MAX_ID : MAX_WORD;
  const isProse = field.type === 'json' || texts.some((text) => text.includes(' ') || text.length > longest);
  const others = texts.filter((text) => !WHOLE_ID.test(text)).map(textWidth);
  const shortest = Math.max(leastColumns(texts, ellipsis), ...(isProse ? [TEXT_COLUMNS] : others));
  return { ...column, least: Math.min(width, Math.max(textWidth(name), shortest)) };
}

/** The texts with spaces behind them, so that their points stand beneath each other. */
function withPointsAligned(texts: readonly string[]): readonly string[] {
  const behind = texts.map((text) => (text.includes('.') ? text.length - text.lastIndexOf('.') : 0));
  const most = Math.max(...behind);
  return texts.map((text, i) => text + ' '.repeat(most - (behind[i] ?? 0)));
}

const MAX_COLUMNS = 500;

/** A text as a cell of a table shows it: what is longer than 500 columns is cut. */
export const cell = (text: string, ellipsis: string): string => cutToWidth(text, MAX_COLUMNS, ellipsis);
