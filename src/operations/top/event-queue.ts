import { MAX_TIMER_MS } from '../../util/duration.ts';

/** Events in the order in which they happen, of which the next one is awaited, or nothing within so many milliseconds. */
export function eventQueue<E>() {
  const waiting: E[] = [];
  let wake = () => {};
  return {
    push(event: E) {
      waiting.push(event);
      wake();
    },
    async next(withinMs: number): Promise<E | undefined> {
      if (waiting.length === 0)
        await new Promise<void>((done) => {
          const timer = Number.isFinite(withinMs)
            ? setTimeout(done, Math.max(0, Math.min(withinMs, MAX_TIMER_MS)))
            : undefined;
          wake = () => {
            clearTimeout(timer);
            done();
          };
        });
      wake = () => {};
      return waiting.shift();
    },
  };
}
