/** The periods of execution by which P&L can be grouped. */
const PNL_PERIODS = ['day', 'week', 'month'] as const;
/** How P&L can be grouped: by one of the periods, by symbol, strategy and user, and by any of them together. */
export const PNL_GROUPINGS = [...PNL_PERIODS, 'symbol', 'strategy', 'user'] as const;
export type PnlGrouping = (typeof PNL_GROUPINGS)[number];
export type PnlPeriod = (typeof PNL_PERIODS)[number];

const isPeriod = (grouping: PnlGrouping): grouping is PnlPeriod =>
  (PNL_PERIODS as readonly string[]).includes(grouping);

/** The period among groupings; undefined if there is none. Throws RangeError for several. */
export function periodOf(groupings: readonly PnlGrouping[]): PnlPeriod | undefined {
  const [period, ...more] = groupings.filter(isPeriod);
  if (more.length > 0) throw new RangeError(`takes one of ${PNL_PERIODS.join(', ')}`);
  return period;
}
