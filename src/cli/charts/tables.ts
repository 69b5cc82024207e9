import type { Markup } from '../markup/markup.ts';
import { table } from '../markup/page.ts';
import type { BarChart, HeatMap, TimeChart } from './chart.ts';
import { exactLabel, type Unit } from './labels.ts';

const MOST_DAYS = 31;

/** The table behind a time chart: every day of a month's worth of them, else the last day of each month. */
export function tableOfTimes({ title, days, panels }: TimeChart): Markup {
  const isLong = days.length > MOST_DAYS;
  const places = days.flatMap((day, place) =>
    isLong && day.slice(0, 7) === days[place + 1]?.slice(0, 7) ? [] : [place],
  );
  return table(isLong ? `${title}, at the end of each month` : title, places, [
    { head: 'day', cell: (place) => days[place] },
    ...panels.map(({ name, unit, values }) => ({
      head: name,
      cell: (place: number) => shown(unit, values[place] ?? null),
      isNumber: true,
    })),
  ]);
}

/** The table behind a heat map. */
export const tableOfHeat = ({ title, unit, rows, columns, values }: HeatMap): Markup =>
  table(
    title,
    [...rows.keys()],
    [
      { head: '', cell: (row) => rows[row] },
      ...columns.map((head, column) => ({
        head,
        cell: (row: number) => shown(unit, values[row]?.[column] ?? null),
        isNumber: true,
      })),
    ],
  );

/** The table behind a bar chart. */
export const tableOfBars = ({ title, unit, bars }: BarChart): Markup =>
  table(title, bars, [
    { head: '', cell: ({ label }) => label },
    { head: unit, cell: ({ value }) => exactLabel(unit, value), isNumber: true },
  ]);

const shown = (unit: Unit, value: number | null) => (value === null ? '-' : exactLabel(unit, value));
