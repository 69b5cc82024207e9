import { describe, expect, it } from 'vitest';
import type { TimeChart } from '../../../src/cli/charts/chart.ts';
import { svgFile } from '../../../src/cli/charts/svg.ts';
import { svgBarChart } from '../../../src/cli/charts/svg-bar-chart.ts';
import { svgHeatMap } from '../../../src/cli/charts/svg-heat-map.ts';
import { heightOfTimes, svgTimeChart } from '../../../src/cli/charts/svg-time-chart.ts';

const days = (count: number) =>
  Array.from({ length: count }, (_, i) => new Date(i * 86_400_000).toISOString().slice(0, 10));
const chartOf = (values: (number | null)[], more: object = {}): TimeChart => ({
  id: 'a',
  title: 'Equity <of> "a"',
  days: days(values.length),
  panels: [{ name: 'Capital', unit: 'rupees', values, ...more }],
});
/** The points of each line in a picture. */
const points = (svg: string) =>
  [...svg.matchAll(/class="line[^"]*" d="M[-\d V]+(h1|l([-\d ]+))/g)].map(
    ([, , steps = '']) => 1 + (steps.match(/-?\d+/g) ?? []).length / 2,
  );

describe('a time chart', () => {
  it('has a title, a description with the extremes, and a point for each value', () => {
    const { markup } = svgTimeChart(chartOf([1, 5, 2, -3]));
    expect(markup).toContain('<title id="a-title">Equity &lt;of&gt; &quot;a&quot;</title>');
    expect(markup).toContain(
      '<desc id="a-desc">Capital: -₹3.00 on 1970-01-04; lowest -₹3.00 on 1970-01-04, highest ₹5.00 on 1970-01-02.</desc>',
    );
    expect(markup).toContain('role="img" aria-labelledby="a-title" aria-describedby="a-desc"');
    expect(points(markup)).toEqual([4]);
  });

  it('is broken where a value is missing, and says so where all are', () => {
    expect(points(svgTimeChart(chartOf([1, 2, null, 4, null, 5, 6])).markup)).toEqual([2, 1, 2]);
    expect(svgTimeChart(chartOf([null, null])).markup).toMatch(/not defined.*not defined/);
    expect(svgTimeChart(chartOf([])).markup).toContain('not defined');
  });

  it('of 25,000 days is thinned to its pixels, in 20 KB', () => {
    const values = Array.from(
      { length: 25_000 },
      (_, i) => Math.sin(i / 900) * 1e5 + ((i * 7_919) % 997) * 30,
    );
    const { markup } = svgTimeChart(chartOf(values));
    expect(points(markup)[0]).toBeLessThanOrEqual(1_920);
    expect(markup.length).toBeLessThan(20_000);
  });

  it('fills the area to its base, which is in sight, in the colour of a loss where nothing is above it', () => {
    expect(svgTimeChart(chartOf([0, -5], { base: 0 })).markup).toMatch(
      /class="line area loss" d="M0 0V0l1920 400V0"/,
    );
    expect(svgTimeChart(chartOf([0, 5], { base: 0 })).markup).toContain('class="line area gain"');
  });
});

it('a bar chart has a bar for each value', () => {
  const bars = [1, 3, 0].map((value) => ({ label: `${value} <`, tick: '', value, tone: 'gain' as const }));
  const { markup } = svgBarChart({ id: 'b', title: 'Trades', unit: 'count', bars });
  expect(markup.match(/<rect class="gain"/g)).toHaveLength(3);
  expect(markup).toContain('<desc id="b-desc">4 in all; most, 3, at 3 &lt;.</desc>');
  expect(svgBarChart({ id: 'b', title: 'Trades', unit: 'count', bars: [] }).markup).toContain(
    'nothing to show',
  );
});

it('a heat map has a cell with its value for each month that has one', () => {
  const { markup } = svgHeatMap({
    id: 'h',
    title: 'Months',
    unit: 'percent',
    rows: ['Jan', 'Feb'],
    columns: ['2023', '2024'],
    values: [
      [1.25, null],
      [-10, 0],
    ],
  });
  expect(markup.match(/<rect/g)).toHaveLength(3);
  expect(markup).toContain('>+1.3</text>');
  expect(markup).toContain('Lowest -10.00% (2023, Feb), highest 1.25% (2023, Jan).');
});

it('a picture alone is a document with its own style', () => {
  const chart = chartOf([1, 2]);
  const svg = svgFile('Equity & more', heightOfTimes(chart), svgTimeChart(chart));
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" width="1040" height="\d+"/);
  expect(svg).toContain('<style>:root{--paper:#ffffff');
  expect(svg).toContain('Equity &amp; more');
});
