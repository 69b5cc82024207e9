const DELAYS_MS = [5_000, 30_000, 300_000];
/** Between attempts from then on. */
const STEADY_MS = 1_800_000;
const STEADY_CRITICAL_MS = 300_000;
const JITTER = 0.2;
/** How long a message is tried, from when it was composed, or given up and tried again. */
export const RETRY_WINDOW_MS = 24 * 3_600_000;

/**
 * How long to wait after an attempt that failed, in milliseconds: 5 s, 30 s, 5 min, then half an hour or, for CRITICAL, 5 min, give
 * or take a fifth, and not before the receiver wants it; undefined where no time is left. `random` is from 0 to 1.
 */
export function retryDelayMs(failure: {
  attempts: number;
  critical: boolean;
  /** Until the message is given up. */
  leftMs: number;
  afterMs: number;
  random: number;
}): number | undefined {
  const { attempts, critical, leftMs, afterMs, random } = failure;
  if (leftMs <= 0) return undefined;
  const delay = DELAYS_MS[attempts - 1] ?? (critical ? STEADY_CRITICAL_MS : STEADY_MS);
  return Math.max(afterMs, Math.round(delay * (1 - JITTER + 2 * JITTER * random)));
}
