import type { Context } from '../../context.ts';
import type { Choice } from '../overview/overview.ts';
import type { Happening } from './state.ts';

/** After this a look that is awaited counts as failed, until it comes. */
const LATE_MS = 2_000;
/** A server ends a statement that takes longer than it may; one that has not by then is not at the other end any more. */
const GRACE_MS = 5_000;

/** Looks at intervals, one at a time, of which is told. */
export async function openLooks(
  ctx: Context,
  look: (choice: Choice) => Promise<Happening>,
  intervalMs: number,
  tell: (event: Happening) => void,
) {
  const { timeoutMs } = await ctx.config();
  const goneMs = timeoutMs === 0 ? Number.POSITIVE_INFINITY : timeoutMs + GRACE_MS;
  let due = performance.now() + intervalMs;
  let awaited: { late: number; gone: number } | undefined;
  return {
    soon() {
      due = 0;
    },
    rest() {
      due = Number.POSITIVE_INFINITY;
    },
    /** Begins a look where one is due, and tells of one that is late; returns when to ask again, by the clock of `performance`. */
    tick(choice: Choice, isPaused: boolean): number {
      const now = performance.now();
      if (awaited === undefined && now >= due) {
        awaited = { late: now + LATE_MS, gone: now + goneMs };
        due = isPaused ? Number.POSITIVE_INFINITY : now + intervalMs;
        void look(choice).then((event) => {
          awaited = undefined;
          tell(event);
        });
      }
      if (awaited === undefined) return due;
      if (now >= awaited.late) {
        tell({ is: 'failed', message: 'It has not answered yet.' });
        awaited.late = Number.POSITIVE_INFINITY;
      }
      if (now >= awaited.gone) {
        // What is sent to a host that has vanished fails after a quarter of an hour: the next look connects anew.
        void ctx.connection().then(({ sever }) => sever());
        awaited.gone = Number.POSITIVE_INFINITY;
      }
      return Math.min(awaited.late, awaited.gone);
    },
  };
}
