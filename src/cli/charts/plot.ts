import { type Extent, linear } from './scale.ts';
import { spansOf } from './thin.ts';

/** What a plot shows, and in how much room. */
interface Plot {
  values: readonly (number | null)[];
  /** The values of its lower and its upper edge. */
  extent: Extent;
  columns: number;
  rows: number;
}

const BRAILLE = 0x2800;
const DOTS_ACROSS = 2;
const DOTS_DOWN = 4;
/** The bits of a braille character for its dots, by column from the left, from top to bottom. */
const BITS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
];

/** A line in braille, two by four dots a character; the lowest and the highest value touch the edges. */
export function braillePlot({ values, extent, columns, rows }: Plot): string[] {
  const cells = Array.from({ length: rows }, () => new Array<number>(columns).fill(0));
  const lowest = rows * DOTS_DOWN - 1;
  const down = linear(extent, lowest, 0);
  spansOf(values, columns * DOTS_ACROSS).forEach((span, x) => {
    if (span === null) return;
    const [low, high] = span;
    const bits = BITS[x % DOTS_ACROSS] as number[];
    for (let y = Math.round(down(high)); y <= Math.round(down(low)); y++) {
      const row = cells[Math.floor(y / DOTS_DOWN)] as number[];
      const column = Math.floor(x / DOTS_ACROSS);
      row[column] = (row[column] ?? 0) | (bits[y % DOTS_DOWN] ?? 0);
    }
  });
  return cells.map((row) =>
    row.map((bits) => (bits === 0 ? ' ' : String.fromCodePoint(BRAILLE + bits))).join(''),
  );
}

/** How much of a character is filled, in quarters. */
const QUARTERS = ' .:|#';
const FULL = QUARTERS.length - 1;

/** An area in ASCII, from the base, or the lower edge without one, to the line; what there is shows at least a dot. */
export function asciiPlot({
  values,
  extent,
  columns,
  rows,
  base = extent[0],
}: Plot & { base?: number | undefined }): string[] {
  const up = linear(extent, 0, rows * FULL);
  const areas = spansOf(values, columns).map((span) => {
    if (span === null) return undefined;
    const edges = [...span, base].map(up);
    const [from, to] = [Math.round(Math.min(...edges)), Math.round(Math.max(...edges))];
    return from < to ? { from, to } : { from: Math.max(0, to - 1), to: Math.max(1, to) };
  });
  return Array.from({ length: rows }, (_, row) => {
    const floor = (rows - 1 - row) * FULL;
    return areas
      .map((area) => {
        const filled = area ? Math.min(area.to, floor + FULL) - Math.max(area.from, floor) : 0;
        return QUARTERS[Math.max(0, filled)];
      })
      .join('');
  });
}
