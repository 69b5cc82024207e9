import type { HeatMap } from './chart.ts';
import { signedLabel } from './labels.ts';
import type { Terminal } from './terminal.ts';

const GAP = 1;

/**
 * A heat map as lines for a terminal: each value with its sign, in colour, and a strong one on a ground of that colour. Where
 * not all columns fit, the last ones are shown.
 */
export function terminalHeatMap(
  { rows, columns, values, unit }: HeatMap,
  { columns: room, paint }: Terminal,
): string[] {
  const texts = values.map((line) => line.map((value) => (value === null ? '' : signedLabel(unit, value))));
  const gutter = Math.max(...rows.map((name) => name.length));
  const width =
    Math.max(...columns.map((name) => name.length), ...texts.flat().map((text) => text.length)) + 2;
  const most = Math.max(1, Math.floor((room - gutter) / (width + GAP)));
  const from = Math.max(0, columns.length - most);
  const largest = Math.max(...values.flat().map((value) => Math.abs(value ?? 0)));
  const shade = (value: number | null, text: string) => {
    if (value === null || value === 0 || text === '0.0') return text;
    const isStrong = Math.abs(value) > largest / 2;
    if (value > 0) return isStrong ? paint.black(paint.onGreen(text)) : paint.green(text);
    return isStrong ? paint.white(paint.onRed(text)) : paint.red(text);
  };
  const cell = (text: string) => ` ${text.padStart(width - 2)} `;
  const head = [' '.repeat(gutter), ...columns.slice(from).map((name) => paint.bold(cell(name)))];
  const lines = rows.map((name, row) => [
    name.padEnd(gutter),
    ...columns.slice(from).map((_, i) => {
      const text = texts[row]?.[from + i] ?? '';
      return text === '' ? cell('') : shade(values[row]?.[from + i] ?? null, cell(text));
    }),
  ]);
  return [head, ...lines].map((parts) => parts.join(' '.repeat(GAP)).trimEnd());
}
