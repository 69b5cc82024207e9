import { openScreen } from '../../cli/screen.ts';
import type { Context } from '../../context.ts';
import { Failure, isTransient } from '../../util/failure.ts';
import type { Look } from '../overview/open-day.ts';
import type { Choice } from '../overview/overview.ts';
import { eventQueue } from './event-queue.ts';
import { openLooks } from './open-looks.ts';
import { type Happening, initialState, reduce, type State } from './state.ts';
import { type Around, view } from './view.ts';

interface Shown {
  choice: Choice;
  around: Around;
  asked: { interval: number; for: number | undefined; count: number | undefined };
}

interface Day {
  read: (choice: Choice) => Promise<Look>;
}

/**
 * The screen of the day until a key, a signal or its time ends it. A look that fails leaves the one before and says why; a command that a
 * key asks for runs beside the looks. Throws what waiting does not cure, once the terminal is as it was.
 */
export async function showTop(ctx: Context, day: Day, { choice, around, asked }: Shown): Promise<void> {
  const { profile, protected: isProtected } = await ctx.config();
  const protectedBy = isProtected ? (profile ?? 'protected') : undefined;
  const end = performance.now() + (asked.for ?? Number.POSITIVE_INFINITY);
  const look = lookOnce(ctx, day);
  // What waiting does not cure is said where the command was typed.
  const first = await look(choice);
  if (first.is === 'broken') throw first.error;
  let state = reduce(initialState(choice), first, protectedBy).state;
  let left = (asked.count ?? Number.POSITIVE_INFINITY) - Number(first.is === 'looked');
  const events = eventQueue<Happening>();
  const looks = await openLooks(ctx, look, asked.interval, events.push);
  const redraw = () => events.push({ is: 'resized' });
  ctx.signal.addEventListener('abort', redraw);
  const screen = await openScreen(ctx.io, {
    key: (key) => events.push({ is: 'key', key }),
    resized: redraw,
  });
  const effects = {
    read: looks.soon,
    rest: looks.rest,
    ...openCommands(ctx, () => screen.size().columns, events.push),
  };
  let drawn: State | undefined;
  /** Waits for what happens next, and takes it in; returns whether that ends it. */
  const step = async (): Promise<boolean> => {
    const next = Math.min(end, looks.tick(state.choice, state.isPaused));
    if (state !== drawn) await screen.draw(view(state, { ...around, ...screen.size() }));
    drawn = state;
    const event = await events.next(next - performance.now());
    if (event === undefined) return performance.now() >= end;
    if (event.is === 'broken') throw event.error;
    if (event.is === 'resized') drawn = undefined;
    if (event.is === 'looked') left--;
    const { state: after, effect } = reduce(state, event, protectedBy);
    state = after;
    if (effect?.is === 'quit') return true;
    if (effect !== undefined) effects[effect.is](effect);
    return false;
  };
  try {
    while (left > 0 && !ctx.io.out.gone) {
      ctx.signal.throwIfAborted();
      if (await step()) break;
    }
  } finally {
    ctx.signal.removeEventListener('abort', redraw);
    await screen.close();
  }
  if (state.mode.is === 'busy' && state.mode.isWrite) throw leftBehind(state.mode.title);
}

/** A look as what happens: taken, failed for now, or broken. */
const lookOnce =
  (ctx: Context, day: Day) =>
  async (choice: Choice): Promise<Happening> => {
    try {
      return { is: 'looked', look: await day.read(choice), choice };
    } catch (error) {
      const failure = await ctx.explain(error);
      return isTransient(failure)
        ? { is: 'failed', message: failure.message }
        : { is: 'broken', error: failure };
    }
  };

/** Runs commands, one at a time, and tells what they print; `stop` interrupts the one that runs. */
function openCommands(ctx: Context, columns: () => number, tell: (event: Happening) => void) {
  let stopping = new AbortController();
  const printed = async (argv: readonly string[]): Promise<Happening> => {
    try {
      const { code, text } = await ctx.run(argv, columns(), stopping.signal);
      const title = `pinnacle ${argv.join(' ')}${code === 0 ? '' : `  (exit ${code})`}`;
      return { is: 'printed', title, text };
    } catch (error) {
      return { is: 'broken', error };
    }
  };
  return {
    run({ argv = [] }: { is: string; argv?: readonly string[] }) {
      stopping = new AbortController();
      void printed(argv).then(tell);
    },
    stop() {
      stopping.abort(new Failure('interrupted', 'INTERRUPTED', 'Interrupted.'));
    },
  };
}

const leftBehind = (title: string) =>
  new Failure('unknown', 'OUTCOME_UNKNOWN', `${title} had not answered when it was left.`, {
    hint: 'What became of it: pinnacle audit list --limit 5',
    changed: null,
  });
