import { svgFile } from '../../cli/charts/svg.ts';
import { heightOfTimes, svgTimeChart } from '../../cli/charts/svg-time-chart.ts';
import { csvHeader, csvLines } from '../../cli/render-csv.ts';
import type { Fields } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import { equityChart } from './charts.ts';
import { reportPage } from './report-page.ts';
import type { Report } from './report-rows.ts';

/** What a report is drawn as. */
export type Drawing = 'html' | 'svg' | 'csv';

/**
 * A report as the text of a file: a page with all of it, the picture of capital and drawdown alone, or the days of that picture
 * as rows with these columns, of each user if there are users.
 */
export async function drawReport(
  ctx: Pick<Context, 'now' | 'timeZone'>,
  { all, users }: Report,
  drawing: Drawing,
  dayFields: Fields,
): Promise<string> {
  if (drawing === 'html') return reportPage({ all, users }, ctx.now().toISOString(), await ctx.timeZone());
  if (drawing === 'svg') {
    const chart = equityChart('all', all);
    return svgFile(chart.title, heightOfTimes(chart), svgTimeChart(chart));
  }
  const fields: Fields = { user_id: { type: 'text' }, ...dayFields };
  const names = Object.keys(fields);
  const rows = (users.length === 0 ? [all] : users).map(({ user_id, equity }) =>
    csvLines(
      equity.map((day) => ({ user_id, ...day })),
      names,
      fields,
    ),
  );
  return csvHeader(names) + rows.join('');
}
