/** A figure, or why there is none: what is not defined is never 0 and never infinite. */
export type Measured = { value: number; reason: null } | { value: null; reason: string };

/** A figure that is defined; what doubles cannot hold is none. */
export const measured = (value: number): Measured =>
  Number.isFinite(value) ? { value: value + 0, reason: null } : notDefined('it exceeds what can be computed');

/** A figure that is not defined, and why, for people. */
export const notDefined = (reason: string): Measured => ({ value: null, reason });

/** Trading days of a year, by which daily figures are annualised. */
export const TRADING_DAYS = 252;

/** Below this a deviation is the noise of doubles: ten returns of 0.01 deviate by 1.8e-18. */
export const NO_DEVIATION = 1e-12;
