/** What profit can be summed up by: a period of execution, or what was traded. */
export const BY = ['day', 'week', 'month', 'symbol', 'strategy', 'user'] as const;
export type By = (typeof BY)[number];
