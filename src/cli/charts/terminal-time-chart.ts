import { type Panel, type TimeChart, toneOfPanel } from './chart.ts';
import { exactLabel } from './labels.ts';
import { asciiPlot, braillePlot } from './plot.ts';
import { dayTicks, type Extent, extentOf, withRoom } from './scale.ts';
import { summaryOfPanel } from './summary.ts';
import { plainly, type Terminal, wrapped } from './terminal.ts';

const ROWS = 10;
const LOW_ROWS = 5;
const LEAST_COLUMNS = 20;
const TICK_COLUMNS = 14;

/** A time chart as lines for a terminal, as wide as it is: in words, then drawn, its extremes at the axis. */
export function terminalTimeChart({ days, panels }: TimeChart, terminal: Terminal): string[] {
  const shown = panels.map((panel) => ({ panel, edges: edgesOf(panel, terminal) }));
  const gutter = Math.max(
    0,
    ...shown.flatMap(({ edges }) => edges?.labels ?? []).map((label) => label.length),
  );
  const columns = Math.max(LEAST_COLUMNS, terminal.columns - gutter - 2);
  const drawn = shown.flatMap(({ panel, edges }) => [
    ...wrapped(plainly(summaryOfPanel(panel, days), terminal), terminal.columns, 2),
    ...(edges ? drawPanel(panel, edges, { gutter, columns }, terminal) : []),
  ]);
  return days.length === 0 ? drawn : [...drawn, ...axis(days, { gutter, columns }, terminal)];
}

interface Edges {
  extent: Extent;
  /** Of the upper and the lower edge. */
  labels: readonly [high: string, low: string];
}

function edgesOf({ values, base, unit }: Panel, terminal: Terminal): Edges | undefined {
  const found = extentOf(values, base);
  if (!found) return undefined;
  const extent = withRoom(found);
  const label = (value: number) => plainly(exactLabel(unit, value), terminal);
  return { extent, labels: [label(extent[1]), label(extent[0])] };
}

interface Room {
  gutter: number;
  columns: number;
}

function drawPanel(
  panel: Panel,
  { extent, labels }: Edges,
  { gutter, columns }: Room,
  terminal: Terminal,
): string[] {
  const { values, base, isLow } = panel;
  const rows = isLow ? LOW_ROWS : ROWS;
  const plot = { values, extent, columns, rows };
  const lines = terminal.unicode ? braillePlot(plot) : asciiPlot({ ...plot, base });
  const colour = toneOfPanel(panel) === 'loss' ? terminal.paint.red : terminal.paint.cyan;
  const [tick, wall] = terminal.unicode ? ['┤', '│'] : ['+', '|'];
  return lines.map((line, row) => {
    const label = row === 0 ? labels[0] : row === rows - 1 ? labels[1] : '';
    const edge = `${label.padStart(gutter)} ${label === '' ? wall : tick}`;
    const text = line.trimEnd();
    return text === '' ? edge : edge + colour(text);
  });
}

/** The axis of days beneath: a line with ticks, and the labels that fit. */
function axis(days: readonly string[], { gutter, columns }: Room, { unicode }: Terminal): string[] {
  const [corner, flat, mark] = unicode ? ['└', '─', '┴'] : ['+', '-', '+'];
  const line = new Array<string>(columns).fill(flat as string);
  const names = new Array<string>(columns).fill(' ');
  let free = 0;
  for (const { place, label } of dayTicks(days, Math.max(2, Math.floor(columns / TICK_COLUMNS)))) {
    const at = Math.min(columns - 1, Math.round((place / Math.max(1, days.length - 1)) * (columns - 1)));
    const start = Math.min(Math.max(0, at - Math.floor(label.length / 2)), columns - label.length);
    line[at] = mark as string;
    if (start < free) continue;
    names.splice(start, label.length, ...label);
    free = start + label.length + 1;
  }
  const indent = ' '.repeat(gutter + 1);
  return [`${indent}${corner}${line.join('')}`, `${indent} ${names.join('').trimEnd()}`];
}
