import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds. */
export interface Pace {
  /** From the end of making a value to the begin of making the next. */
  pauseMs: number;
  /** Values are made for so long after somebody asked. */
  askedWithinMs: number;
  /** A value whose making began longer ago is given to nobody. */
  mostAgeMs: number;
  /** Whoever finds the newest too old waits so long for the next. */
  patienceMs: number;
}

/**
 * Gives the newest value at once, and makes the next in the background, one at a time, as long as somebody asks and until the signal.
 * Where the newest is too old, it waits for the next; undefined if that does not come. Throws what making the newest threw.
 */
export function refreshed<T>(
  pace: Pace,
  until: AbortSignal,
  make: () => Promise<T>,
): () => Promise<T | undefined> {
  let newest: { value: Promise<T>; began: number } | undefined;
  let underWay: Promise<void> | undefined;
  let next: NodeJS.Timeout | undefined;
  let lastAsked = 0;
  until.addEventListener('abort', () => clearTimeout(next));

  const makeNext = async () => {
    clearTimeout(next);
    next = undefined;
    const began = performance.now();
    const value = make();
    await value.catch(() => {});
    newest = { value, began };
    underWay = undefined;
    if (performance.now() - lastAsked < pace.askedWithinMs && !until.aborted)
      next = setTimeout(startNext, pace.pauseMs).unref();
  };
  const startNext = () => {
    underWay ??= makeNext();
    return underWay;
  };
  const young = () => (newest && performance.now() - newest.began <= pace.mostAgeMs ? newest : undefined);

  return async () => {
    lastAsked = performance.now();
    if (!young()) await Promise.race([startNext(), sleep(pace.patienceMs, undefined, { ref: false })]);
    else if (next === undefined) startNext();
    return young()?.value;
  };
}
