import type { BarChart, HeatMap, Panel, TimeChart } from './chart.ts';
import { exactLabel } from './labels.ts';
import { extremesWithin } from './thin.ts';

/** What a chart shows, in words: where each panel begins and ends, and its extremes. */
export const summaryOfTimes = ({ days, panels }: TimeChart): string =>
  panels.map((panel) => summaryOfPanel(panel, days)).join(' ');

/** The places of the lowest and the highest value of a panel, the first of each; undefined without a value. */
export function extremesOf({ values }: Panel): { lowest: number; highest: number } | undefined {
  const [lowest, highest] = extremesWithin(values, 0, values.length);
  return (values[lowest] ?? null) === null ? undefined : { lowest, highest };
}

/** What a panel shows, in words. */
export function summaryOfPanel(panel: Panel, days: readonly string[]): string {
  const { name, unit, values } = panel;
  const extremes = extremesOf(panel);
  if (!extremes) return `${name}: not defined.`;
  const at = (place: number) => `${exactLabel(unit, values[place] as number)} on ${days[place]}`;
  const last = values.findLastIndex((value) => value !== null);
  return `${name}: ${at(last)}; lowest ${at(extremes.lowest)}, highest ${at(extremes.highest)}.`;
}

/** What a heat map shows, in words: its extremes. */
export function summaryOfHeat({ rows, columns, values, unit }: HeatMap): string {
  const cells = values.flatMap((line, row) =>
    line.flatMap((value, column) =>
      value === null ? [] : { value, name: `${columns[column]}, ${rows[row]}` },
    ),
  );
  const [first, ...rest] = cells;
  if (!first) return NOTHING;
  const lowest = rest.reduce((a, b) => (b.value < a.value ? b : a), first);
  const highest = rest.reduce((a, b) => (b.value > a.value ? b : a), first);
  const named = ({ value, name }: typeof first) => `${exactLabel(unit, value)} (${name})`;
  return `Lowest ${named(lowest)}, highest ${named(highest)}.`;
}

/** What a bar chart shows, in words: its highest bar and how much all come to. */
export function summaryOfBars({ bars, unit }: BarChart): string {
  const highest = bars.reduce((a, b) => (b.value > a.value ? b : a), bars[0] ?? NO_BAR);
  const total = bars.reduce((sum, { value }) => sum + value, 0);
  if (total === 0) return NOTHING;
  return `${exactLabel(unit, total)} in all; most, ${exactLabel(unit, highest.value)}, at ${highest.label}.`;
}

const NO_BAR = { label: '', value: 0 };
const NOTHING = 'There is nothing to show.';
