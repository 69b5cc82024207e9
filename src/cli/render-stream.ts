import { setFlagsFromString } from 'node:v8';
import { textWidth } from '../util/text-width.ts';
import { wallClock } from '../util/time.ts';
import { ellipsisOf } from './charts/terminal.ts';
import type { Io } from './io.ts';
import { jsonRow, plainValue, toPlainText } from './machine-text.ts';
import type { RenderOptions, StreamFormat } from './result.ts';
import { columnValue, type Row, type Rows } from './rows.ts';
import { zoneNote } from './zone-note.ts';

/** Writes each row at once: a line of JSON or CSV, aligned columns for a terminal, tab-separated text for a pipe. */
export async function renderStream(rows: Rows, names: string[], style: RenderOptions, io: Io): Promise<void> {
  for (const flag of SAMPLE_ROWS) setFlagsFromString(flag);
  const { header, line, zone } = await shape(names, style, io);
  if (header) await io.out.write(header);
  let isZoneNoted = false;
  for await (const row of rows) {
    const text = line(row);
    const shown: string | undefined = isZoneNoted ? undefined : zone?.();
    if (shown !== undefined) await io.note(zoneNote(shown));
    isZoneNoted ||= shown !== undefined;
    await io.out.write(text);
    if (io.out.gone) return;
  }
}

// A stream may run for days: without limits V8 grows the young generation to 32 MB and the old one freely.
const SAMPLE_ROWS = ['--semi-space-growth-factor=1', '--heap-growing-percent=10'];

interface Shape {
  header?: string;
  line: (row: Row) => string;
  /** The time zone of what the lines so far have shown; undefined where that were no times. */
  zone?: () => string | undefined;
}

async function shape(names: string[], style: RenderOptions, io: Io): Promise<Shape> {
  if (style.flags.json !== undefined) return { line: (row) => `${jsonRow(row, names, style.fields)}\n` };
  if (style.flags.csv) {
    const { csvHeader, csvLines } = await import('./render-csv.ts');
    return { header: csvHeader(names), line: (row) => csvLines([row], names, style.fields) };
  }
  if (io.out.isTTY && style.live?.line && style.flags.columns === undefined)
    return ownLine(style.live, style, io);
  if (io.out.isTTY) return columns(names, style, io);
  return { line: (row) => `${names.map((name) => plainValue(row, name, style.fields)).join('\t')}\n` };
}

/** The verb's own line; the bell comes from here alone, never from the data. */
async function ownLine(
  { line, rings }: StreamFormat,
  { flags, timeZone }: RenderOptions,
  io: Io,
): Promise<Shape> {
  const paint = io.paint(io.out);
  const zone = flags.utc ? 'UTC' : await timeZone();
  let shown: string | undefined;
  const local = (time: string) => {
    shown = zone;
    return wallClock(time, zone);
  };
  return {
    zone: () => shown,
    line: (row) =>
      `${rings?.(row) ? '\x07' : ''}${line?.((name) => toPlainText(columnValue(row, name)), paint, local)}\n`,
  };
}

/** Columns as wide as the widest value so far. */
async function columns(names: string[], style: RenderOptions, io: Io): Promise<Shape> {
  const hasClock = !style.flags.utc && names.some((name) => style.fields[name]?.type === 'time');
  const zone = hasClock ? await style.timeZone() : undefined;
  const [{ cell }, { displayOf }] = await Promise.all([import('./render-table.ts'), import('./display.ts')]);
  const paint = io.paint(io.out);
  // Lines are read later, when an age would be wrong, so all times are absolute.
  const { text, painted } = await displayOf({ ...style, now: new Date(0) }, names, io);
  const widths = names.map((name) => Math.max(name.length, WIDTHS[style.fields[name]?.type ?? 'text'] ?? 0));
  const line = (textOf: (name: string) => string, colour: (text: string, name: string) => string) => {
    const cells = names.map((name, i) => {
      const shown = textOf(name);
      const width = Math.max(widths[i] ?? 0, textWidth(shown));
      widths[i] = width;
      return colour(shown, name) + ' '.repeat(width - textWidth(shown));
    });
    return `${cells.join('  ').trimEnd()}\n`;
  };
  return {
    zone: () => zone,
    header: line(
      (name) => name,
      (text) => paint.bold(text),
    ),
    line: (row) =>
      line(
        (name) => cell(text(row, name), ellipsisOf(io)),
        (shown, name) => painted(shown, row, name),
      ),
  };
}

const WIDTHS: Readonly<Record<string, number>> = { text: 12, number: 10, time: 19 };
