import { openScreen } from '../../cli/screen.ts';
import type { Context } from '../../context.ts';
import type { Look } from '../overview/open-day.ts';
import type { Choice } from '../overview/overview.ts';
import { eventQueue } from './event-queue.ts';
import { isTransient } from './is-transient.ts';
import { type Event, initialState, reduce } from './state.ts';
import { type Around, view } from './view.ts';

interface Shown {
  choice: Choice;
  around: Around;
  asked: { interval: number; for: number | undefined; count: number | undefined };
}

interface Day {
  read: (choice: Choice) => Promise<Look>;
}

/** What happens, and what waiting does not cure. */
type Happening = Event | { is: 'broken'; error: unknown };

/**
 * The screen of the day until a key, a signal or its time ends it. A look that fails leaves the one before and says why; a command that a
 * key asks for runs beside the looks. Throws what waiting does not cure, once the terminal is as it was.
 */
export async function showTop(ctx: Context, day: Day, { choice, around, asked }: Shown): Promise<void> {
  const { profile, protected: isProtected } = await ctx.config();
  const protectedBy = isProtected ? (profile ?? 'protected') : undefined;
  const end = performance.now() + (asked.for ?? Number.POSITIVE_INFINITY);
  // What is wrong from the start is said where the command was typed.
  const first: Event = { is: 'looked', look: await day.read(choice), choice };
  let state = reduce(initialState(choice), first, protectedBy).state;
  const events = eventQueue<Happening>();
  const looks = openLooks(ctx, day, asked.interval, events.push);
  const redraw = () => events.push({ is: 'resized' });
  ctx.signal.addEventListener('abort', redraw);
  const screen = await openScreen(ctx.io, {
    key: (key) => events.push({ is: 'key', key }),
    resized: redraw,
  });
  /** Takes what happened in; whether that ends it. */
  const take = (event: Happening): boolean => {
    if (event.is === 'broken') throw event.error;
    const { state: next, effect } = reduce(state, event, protectedBy);
    state = next;
    if (effect?.is === 'read') looks.soon();
    if (effect?.is === 'rest') looks.rest();
    if (effect?.is === 'run') void runCommand(ctx, effect.argv, screen.size().columns).then(events.push);
    return effect?.is === 'quit';
  };
  try {
    for (let left = (asked.count ?? Number.POSITIVE_INFINITY) - 1; left > 0 && !ctx.io.out.gone; ) {
      ctx.signal.throwIfAborted();
      const next = Math.min(end, looks.tick(state.choice, state.isPaused));
      await screen.draw(view(state, { ...around, ...screen.size() }));
      const event = await events.next(next - performance.now());
      if (event === undefined && performance.now() >= end) return;
      if (event !== undefined && take(event)) return;
      if (event?.is === 'looked') left--;
    }
  } finally {
    ctx.signal.removeEventListener('abort', redraw);
    await screen.close();
  }
}

/** After this a look that is awaited counts as failed, until it comes. */
const LATE_MS = 2_000;

/** Looks at intervals, one at a time, of which is told. */
function openLooks(ctx: Context, day: Day, intervalMs: number, tell: (event: Happening) => void) {
  let due = performance.now() + intervalMs;
  let since: number | undefined;
  const look = async (choice: Choice) => {
    try {
      tell({ is: 'looked', look: await day.read(choice), choice });
    } catch (error) {
      const failure = await ctx.explain(error);
      tell(
        isTransient(failure) ? { is: 'failed', message: failure.message } : { is: 'broken', error: failure },
      );
    } finally {
      since = undefined;
    }
  };
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
      if (since === undefined && now >= due) {
        since = now;
        due = isPaused ? Number.POSITIVE_INFINITY : now + intervalMs;
        void look(choice);
      }
      if (since === undefined) return due;
      const late = since + LATE_MS;
      if (now < late) return late;
      tell({ is: 'failed', message: 'It has not answered yet.' });
      since = Number.POSITIVE_INFINITY;
      return since;
    },
  };
}

async function runCommand(ctx: Context, argv: readonly string[], columns: number): Promise<Happening> {
  try {
    const { code, text } = await ctx.run(argv, columns);
    return {
      is: 'printed',
      title: `pinnacle ${argv.join(' ')}${code === 0 ? '' : `  (exit ${code})`}`,
      text,
    };
  } catch (error) {
    return { is: 'broken', error };
  }
}
