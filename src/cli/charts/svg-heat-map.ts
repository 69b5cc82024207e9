import { element, type Markup } from '../markup/markup.ts';
import type { HeatMap } from './chart.ts';
import { signedLabel } from './labels.ts';
import { summaryOfHeat } from './summary.ts';
import { label, percent, picture } from './svg.ts';

const HEAD = 18;
const ROW = 24;
// Text stays readable on the strongest shade.
const FAINTEST = 0.08;
const STRONGEST = 0.38;

/** A heat map as a picture: each cell has its value with its sign, and the shade repeats it. Rows are named at the left of it. */
export function svgHeatMap(map: HeatMap): Markup {
  const { rows, columns, values, unit } = map;
  const width = 1 / columns.length;
  const largest = Math.max(...values.flat().map((value) => Math.abs(value ?? 0)));
  const heads = columns.map((name, column) =>
    label(percent((column + 0.5) * width), HEAD - 5, 'tick middle', name),
  );
  const cells = values.flatMap((line, row) =>
    line.map((value, column) => {
      if (value === null) return undefined;
      const share = largest === 0 ? 0 : Math.abs(value) / largest;
      const place = { x: percent((column + 0.02) * width), width: percent(0.96 * width) };
      return [
        element('rect', {
          class: value < 0 ? 'loss' : 'gain',
          'fill-opacity': (FAINTEST + share * (STRONGEST - FAINTEST)).toFixed(2),
          ...place,
          ...{ y: HEAD + row * ROW + 1, height: ROW - 2 },
        }),
        label(percent((column + 0.5) * width), HEAD + row * ROW + 16, 'in', signedLabel(unit, value)),
      ];
    }),
  );
  const names = rows.map((name, row) => label(-8, HEAD + row * ROW + 16, 'tick end', name));
  return picture(map, summaryOfHeat(map), HEAD + rows.length * ROW, heads, names, cells);
}
