import type { Io } from './io.ts';

/** Starts a watch, which tells the milliseconds since, by the monotonic clock, without those in which a question waited for its answer. */
export function startStopwatch(io: Pick<Io, 'askedMs'>): () => number {
  const began = performance.now() - io.askedMs;
  return () => performance.now() - io.askedMs - began;
}
