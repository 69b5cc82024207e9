import type { Markup } from '../markup/markup.ts';
import { figure } from '../markup/page.ts';
import type { BarChart, HeatMap, TimeChart } from './chart.ts';
import { summaryOfBars, summaryOfHeat, summaryOfTimes } from './summary.ts';
import { svgBarChart } from './svg-bar-chart.ts';
import { svgHeatMap } from './svg-heat-map.ts';
import { svgTimeChart } from './svg-time-chart.ts';
import { tableOfBars, tableOfHeat, tableOfTimes } from './tables.ts';

/** A time chart for a page: the picture, in words, and the table behind it. */
export const timeFigure = (chart: TimeChart): Markup =>
  figure(svgTimeChart(chart), summaryOfTimes(chart), tableOfTimes(chart));

/** A heat map for a page, likewise. */
export const heatFigure = (map: HeatMap): Markup =>
  figure(svgHeatMap(map), summaryOfHeat(map), tableOfHeat(map));

/** A bar chart for a page, likewise. */
export const barFigure = (chart: BarChart): Markup =>
  figure(svgBarChart(chart), summaryOfBars(chart), tableOfBars(chart));
