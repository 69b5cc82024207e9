import type { Terminal } from '../../cli/charts/terminal.ts';
import { terminalHeatMap } from '../../cli/charts/terminal-heat-map.ts';
import { terminalTimeChart } from '../../cli/charts/terminal-time-chart.ts';
import type { Row } from '../../cli/rows.ts';
import { equityChart, monthMap } from '../../trading/performance/charts.ts';
import type { Performance } from '../../trading/performance/read-performance.ts';

/** How charts are drawn on a terminal. */
export const CHARTS = ['auto', 'braille', 'ascii', 'none'] as const;

/** Capital with drawdown, and months, as lines for a terminal; none of a report that was written to a file. */
export async function terminalCharts(
  found: Row,
  terminal: Terminal,
  { chart }: { chart: (typeof CHARTS)[number] },
): Promise<string[]> {
  if (chart === 'none' || !isPerformance(found) || found.equity.length === 0) return [];
  const able = { ...terminal, unicode: chart === 'auto' ? terminal.unicode : chart === 'braille' };
  const equity = equityChart('all', found);
  const months = monthMap('all', found);
  const heading = (title: string) => ['', terminal.paint.bold(title)];
  return [
    ...[...heading(equity.title), ...terminalTimeChart(equity, able)],
    ...[...heading(months.title), ...terminalHeatMap(months, able)],
  ];
}

const isPerformance = (found: Row): found is Performance => 'equity' in found;
