import { toggle } from '../../cli/flags.ts';
import { withFlag } from '../../cli/result.ts';
import type { Context } from '../../context.ts';
import type { Span } from '../../trading/trends.ts';

/** The flag of a list whose rows may also show how their realized P&L moved. */
export const sparklineFlag = (when: string) => ({
  sparkline: toggle(`also how the realized P&L moved ${when}`),
});

/** The column of that flag. */
export const trendFields = withFlag('sparkline', { trend: { type: 'amounts' } });

const DAY_MS = 86_400_000;
const DAYS = 30;

/** The last 30 days of a user or a strategy. */
export const lastDays = (id: string, now: Date): Span => ({
  id,
  since: new Date(now.getTime() - DAYS * DAY_MS).toISOString(),
  until: now.toISOString(),
});

/** The rows with their trends, if they are asked for: one more statement for all of them. */
export async function withTrends<R extends object>(
  ctx: Context,
  rows: readonly R[],
  { sparkline, user }: { sparkline: boolean; user?: string | undefined },
  by: 'user_id' | 'strategy_id',
  spanOf: (row: R) => Span,
) {
  if (!sparkline) return [...rows];
  const { readTrends } = await import('../../trading/trends.ts');
  const trends = await readTrends(await ctx.source(), by, rows.map(spanOf), user);
  return rows.map((row, i) => ({ ...row, trend: trends[i] ?? null }));
}
