/** What profit can be summed up by: a period of execution, or what was traded. */
export const PNL_GROUPINGS = ['day', 'week', 'month', 'symbol', 'strategy', 'user'] as const;
export type PnlGrouping = (typeof PNL_GROUPINGS)[number];
