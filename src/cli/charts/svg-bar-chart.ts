import { element, type Markup } from '../markup/markup.ts';
import type { BarChart } from './chart.ts';
import { linear, ticksOf } from './scale.ts';
import { summaryOfBars } from './summary.ts';
import { grid, label, percent, picture, round } from './svg.ts';

const TOP = 8;
const PLOT = 160;
const FOOT = 20;
const MOST_LABELS = 5;

/** A bar chart as a picture. */
export function svgBarChart(chart: BarChart): Markup {
  const { bars, unit } = chart;
  const highest = Math.max(1, ...bars.map(({ value }) => value));
  const down = linear([0, highest], TOP + PLOT, TOP);
  const ticks = ticksOf([0, highest], 4).filter((tick) => unit !== 'count' || Number.isInteger(tick));
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
  return picture(chart, summaryOfBars(chart), TOP + PLOT + FOOT, grid(unit, ticks, down, 0), drawn);
}
