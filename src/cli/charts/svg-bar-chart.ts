import { element, type Markup } from '../markup/markup.ts';
import type { BarChart } from './chart.ts';
import { tickLabels } from './labels.ts';
import { linear, ticksOf } from './scale.ts';
import { summaryOfBars } from './summary.ts';
import { label, percent, picture, round } from './svg.ts';

const TOP = 8;
const PLOT = 160;
const FOOT = 20;
const MOST_LABELS = 5;

/** A bar chart as a picture. Its labels stand 64 pixels to the left of it. */
export function svgBarChart(chart: BarChart): Markup {
  const { bars, unit } = chart;
  const highest = Math.max(1, ...bars.map(({ value }) => value));
  const down = linear([0, highest], TOP + PLOT, TOP);
  const ticks = ticksOf([0, highest], 4).filter((tick) => unit !== 'count' || Number.isInteger(tick));
  const texts = tickLabels(unit, ticks);
  const grid = ticks.map((tick, i) => [
    element('line', {
      class: tick === 0 ? 'base' : 'grid',
      x2: '100%',
      y1: round(down(tick)),
      y2: round(down(tick)),
    }),
    label(-8, down(tick) + 4, 'tick end', texts[i] ?? ''),
  ]);
  const every = Math.ceil(bars.length / MOST_LABELS);
  const drawn = bars.map(({ tick: name, value, tone }, i) => [
    element('rect', {
      class: tone,
      x: percent((i + 0.05) / bars.length),
      width: percent(0.9 / bars.length),
      ...{ y: round(down(value)), height: round(down(0) - down(value)) },
    }),
    i % every === Math.floor(every / 2)
      ? label(percent((i + 0.5) / bars.length), TOP + PLOT + 15, 'tick middle', name)
      : undefined,
  ]);
  return picture(chart, summaryOfBars(chart), TOP + PLOT + FOOT, 'wide', grid, drawn);
}
