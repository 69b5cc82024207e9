/** How P&L can be grouped: by period of execution, or by symbol, strategy or user. */
export const PNL_GROUPINGS = ['day', 'week', 'month', 'symbol', 'strategy', 'user'] as const;
export type PnlGrouping = (typeof PNL_GROUPINGS)[number];
