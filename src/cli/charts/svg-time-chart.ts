import { type Content, element, type Markup } from '../markup/markup.ts';
import { type Panel, type TimeChart, toneOfPanel } from './chart.ts';
import { dayTicks, extentOf, linear, ticksOf, withRoom } from './scale.ts';
import { extremesOf, summaryOfTimes } from './summary.ts';
import { grid, label, percent, picture, round } from './svg.ts';
import { thin } from './thin.ts';

/** The pixels that a line is thinned to: about the widest that a page shows. */
const PIXELS = 960;
const HEAD = 18;
const FOOT = 20;
const GAP = 18;
const HEIGHT = 200;
const LOW_HEIGHT = 96;
const TICK_EVERY = 32;
// From here on a label that stands beneath the middle would not fit on a narrow screen.
const AT_THE_END = 0.93;
// Of more labels, a narrow page shows every other one.
const MOST_NARROW = 3;
// A path is drawn on a finer grid, so that its numbers are short and whole.
const FINE = 2;

const heightOf = ({ isLow }: Panel) => (isLow ? LOW_HEIGHT : HEIGHT);

/** The height of the picture of a time chart in pixels. */
export const heightOfTimes = ({ panels }: TimeChart): number =>
  panels.reduce((sum, panel) => sum + HEAD + heightOf(panel) + GAP, FOOT - GAP);

/** A time chart as a picture. */
export function svgTimeChart(chart: TimeChart): Markup {
  const { days, panels } = chart;
  const height = heightOfTimes(chart);
  const acrossDays = (place: number) => place / Math.max(1, days.length - 1);
  let top = 0;
  const drawn = panels.map((panel) => {
    top += HEAD;
    const content = drawPanel(panel, top, acrossDays);
    top += heightOf(panel) + GAP;
    return content;
  });
  const ticks = dayTicks(days, 6).map(({ place, label: text }, i, { length }) => {
    const across = acrossDays(place);
    const spare = length > MOST_NARROW && i % 2 === 1 ? ' spare' : '';
    return label(percent(across), height - 4, `tick ${across > AT_THE_END ? 'end' : 'middle'}${spare}`, text);
  });
  return picture(chart, summaryOfTimes(chart), height, drawn, ticks);
}

function drawPanel(panel: Panel, top: number, acrossDays: (place: number) => number): Content {
  const { name, unit, values, base } = panel;
  const height = heightOf(panel);
  const head = label(0, top - 6, undefined, name);
  const found = extentOf(values, base);
  if (!found) return [head, label(0, top + height / 2, 'tick', 'not defined')];
  const extent = withRoom(found);
  const down = linear(extent, top + height, top);
  const ticks = ticksOf(extent, height / TICK_EVERY);
  const tone = toneOfPanel(panel);
  const dots = Object.values(extremesOf(panel) ?? {}).map((place) =>
    element('circle', {
      class: tone,
      ...{ cx: percent(acrossDays(place)), cy: round(down(values[place] as number)), r: 3 },
    }),
  );
  const onGrid = linear(extent, height * FINE, 0);
  const x = (place: number) => Math.round(acrossDays(place) * PIXELS * FINE);
  const y = (value: number) => Math.round(onGrid(value));
  const lines = runsOf(thin(values, PIXELS), values).map((places) => {
    const points = places.map((place) => [x(place), y(values[place] as number)] as const);
    const kind = base === undefined ? 'line' : 'line area';
    const path = pathOf(points, base === undefined ? undefined : y(base));
    return element('path', { class: `${kind} ${tone}`, d: path });
  });
  const plot = element(
    'svg',
    {
      ...{ y: top, width: '100%', height, overflow: 'visible' },
      viewBox: `0 0 ${PIXELS * FINE} ${height * FINE}`,
      preserveAspectRatio: 'none',
    },
    lines,
  );
  return [head, grid(unit, ticks, down, base), plot, dots];
}

/** Places in a row that have a value. */
function runsOf(places: readonly number[], values: readonly (number | null)[]): number[][] {
  const runs: number[][] = [[]];
  for (const place of places) {
    if ((values[place] ?? null) === null) runs.push([]);
    else runs.at(-1)?.push(place);
  }
  return runs.filter((run) => run.length > 0);
}

/**
 * A path through points of whole numbers, each after the first relative to the one before; a single point is a short line. With
 * a base it begins and ends there, so that what it encloses can be filled.
 */
function pathOf(points: readonly (readonly [number, number])[], base: number | undefined): string {
  const [[firstX, firstY] = [0, 0]] = points;
  const steps = points.slice(1).map(([x, y], i) => {
    const [fromX, fromY] = points[i] as readonly [number, number];
    return `${x - fromX}${y < fromY ? '' : ' '}${y - fromY}`;
  });
  const line = steps.length === 0 ? 'h1' : `l${steps.join(' ')}`;
  return base === undefined ? `M${firstX} ${firstY}${line}` : `M${firstX} ${base}V${firstY}${line}V${base}`;
}
