import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { RawOutput } from '../../cli/result.ts';
import { takesScreen } from '../../cli/screen.ts';
import type { Context } from '../../context.ts';
import type { UserId } from '../../domain/id.ts';
import { findUser } from '../../trading/users/store.ts';
import { isTransient } from '../../util/failure.ts';
import { wallClock } from '../../util/time.ts';
import { type Look, openDay } from '../overview/open-day.ts';
import type { Choice } from '../overview/overview.ts';
import { lookRow } from './look-row.ts';
import { showTop } from './show-top.ts';
import { initialState } from './state.ts';
import { type Around, view } from './view.ts';

interface Asked {
  user: UserId | undefined;
  once: boolean;
  /** Milliseconds. */
  interval: number;
  for: number | undefined;
  count: number | undefined;
}

/** How many lines a look has where there is no screen to fill. */
const PLAIN_ROWS = 50;

/**
 * The day as it happens: on a terminal a screen that takes keys, elsewhere a row for each look; with `once` one look. A terminal that
 * moves no cursor is shown one text after the other.
 */
export async function runTop(ctx: Context, asked: Asked) {
  if (asked.user !== undefined) await findUser(await ctx.db(), asked.user);
  const { json, csv, columns } = ctx.globals;
  const isForPeople = ctx.io.out.isTTY && json === undefined && !csv && columns === undefined;
  // A look leaves little behind and runs for hours: room for young objects that doubles and doubles would be 30 MB of memory for nothing.
  if (!asked.once) setFlagsFromString('--semi-space-growth-factor=1');
  const day = openDay(ctx);
  const choice: Choice = { user: asked.user, text: '', sort: 'net' };
  const around = await aroundOf(ctx, asked.interval);
  const looks = lookAgain(ctx, () => day.read(choice), asked);
  if (!isForPeople) return rowsOf(looks, day.close);
  const isScreen = !asked.once && takesScreen(ctx.io);
  if (!isScreen)
    return new RawOutput<ReturnType<typeof lookRow>>(
      textsOf(looks, { ...around, rows: PLAIN_ROWS }, choice, day.close),
    );
  try {
    await showTop(ctx, day, { choice, around, asked });
  } finally {
    day.close();
  }
  return new RawOutput<ReturnType<typeof lookRow>>([]);
}

async function aroundOf(ctx: Context, intervalMs: number): Promise<Around> {
  const zone = ctx.globals.utc ? 'UTC' : await ctx.timeZone();
  return {
    columns: ctx.io.out.columns,
    rows: PLAIN_ROWS,
    unicode: ctx.io.unicode,
    paint: ctx.io.paint(ctx.io.out),
    source: await ctx.target(),
    intervalMs,
    clock: (at) => wallClock(at, zone),
  };
}

/** One look after the other; a database that goes away is told of once and waited for, one that is away at the start thrown. */
async function* lookAgain(ctx: Context, read: () => Promise<Look>, asked: Asked): AsyncGenerator<Look> {
  const end = performance.now() + (asked.for ?? Number.POSITIVE_INFINITY);
  let left = asked.once ? 1 : (asked.count ?? Number.POSITIVE_INFINITY);
  let isAway = false;
  for (let isFirst = true; ; isFirst = false) {
    const look = await read().catch(async (error: unknown) => {
      const failure = await ctx.explain(error);
      if (isFirst || !isTransient(failure)) throw failure;
      if (!isAway) await ctx.io.warn(`${failure.message} Retrying.`);
      isAway = true;
      return undefined;
    });
    if (look !== undefined) {
      yield look;
      isAway = false;
      left--;
    }
    const rest = end - performance.now();
    if (left <= 0 || rest <= 0) return;
    await sleep(Math.min(asked.interval, rest), undefined, { signal: ctx.signal });
  }
}

async function* rowsOf(looks: AsyncIterable<Look>, close: () => void) {
  try {
    for await (const look of looks) yield lookRow(look);
  } finally {
    close();
  }
}

async function* textsOf(looks: AsyncIterable<Look>, around: Around, choice: Choice, close: () => void) {
  try {
    for await (const look of looks) {
      const lines = view({ ...initialState(choice), look }, around);
      // The last line names keys, which there are none of; nor is there anything to fill.
      yield Buffer.from(
        `${lines
          .slice(0, -1)
          .filter((line) => line !== '')
          .join('\n')}\n\n`,
      );
    }
  } finally {
    close();
  }
}
