import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, usage } from '../util/failure.ts';
import { cutToWidth } from '../util/text-width.ts';
import { ellipsisOf } from './charts/terminal.ts';
import type { Invocation } from './command.ts';
import { givenWords } from './given-words.ts';
import type { Io } from './io.ts';
import { keptStreams } from './kept-streams.ts';
import { openScreen, takesScreen } from './screen.ts';

/** Keys that end it. */
const ENDING = new Set(['q', 'escape', 'ctrl-c']);
/** Exit codes with which rows are printed: done, found, an integrity that is broken. */
const WITH_ROWS = new Set([0, 6, 11]);

/** One run of the command, with these streams and until this signal; returns its exit code. */
type Look = (
  streams: Pick<ReturnType<typeof keptStreams>, 'stdout' | 'stderr'>,
  until: AbortSignal,
) => Promise<number>;

/** A read that is watched. */
interface Watch {
  invocation: Invocation;
  io: Io;
  now: () => Date;
  signal: AbortSignal;
}

/**
 * Runs a read again and again until it is interrupted: on a terminal in place, elsewhere one after another, with --json a line each. Each
 * run opens its own connections, so that a database that was away is found again; only the first must succeed. Returns the exit code.
 * Throws a usage error.
 */
export async function watch(watched: Watch, look: Look): Promise<number> {
  const { invocation, io, signal } = watched;
  const { json, csv } = invocation.globals;
  const everyMs = intervalOf(invocation);
  const isTable = json === undefined && !csv;
  const show = isTable && takesScreen(io) ? onScreen : inLines;
  const code = await show(watched, look, everyMs);
  if (!signal.aborted) return code;
  const { reason } = signal;
  if (!(reason instanceof Failure)) throw reason;
  // Ctrl-C is how an operator ends a watch.
  return reason.kind === 'interrupted' ? 0 : reason.exit;
}

/** The milliseconds between two looks. Throws a usage error. */
function intervalOf({ command, options }: Invocation): number {
  const given = command.flags['interval']?.schema.safeParse(options['interval']);
  if (!given?.success) throw usage(`--interval ${given?.error.issues[0]?.message ?? 'is not valid'}.`);
  return Number(given.data);
}

async function inLines({ invocation, io, signal }: Watch, look: Look, everyMs: number): Promise<number> {
  const isJson = invocation.globals.json !== undefined;
  for (let isFirst = true; !signal.aborted && !io.out.gone; isFirst = false) {
    const kept = keptStreams(io.out.isTTY && !isJson ? io.out.columns : undefined);
    const code = await look(kept, AbortSignal.any([signal]));
    if (signal.aborted) return 0;
    await io.err.write(kept.err());
    await io.out.write(isJson ? inOneLine(kept.out()) : apart(kept.out(), isFirst));
    if (isFirst && !WITH_ROWS.has(code)) return code;
    await sleep(everyMs, undefined, { signal }).catch(() => {});
  }
  return 0;
}

/** A text of JSON, in which line breaks stand between values only. */
const inOneLine = (text: string) => (text === '' ? '' : `${text.replace(/\n\s*/g, '')}\n`);

/** An empty line before each look but the first. */
const apart = (text: string, isFirst: boolean) => (isFirst || text === '' ? text : `\n${text}`);

async function onScreen(
  { invocation, io, now, signal }: Watch,
  look: Look,
  everyMs: number,
): Promise<number> {
  const ending = new AbortController();
  const until = AbortSignal.any([signal, ending.signal]);
  let [rows, notes, at]: [string, string, Date] = ['', '', now()];
  const command = givenWords(invocation);
  const redraw = () => {
    const { columns, rows: height } = screen.size();
    const lines = [...linesOf(notes), ...linesOf(rows)];
    const room = Math.max(1, height - 2);
    const clock = at.toTimeString().slice(0, 8);
    const shown = lines.length > room ? lines.slice(0, room - 1) : lines;
    const more = lines.length - shown.length;
    return screen.draw([
      cutToWidth(`${clock}  every ${everyMs / 1_000} s: ${command}`, columns, ellipsisOf(io)),
      '',
      ...shown,
      ...(more > 0 ? [`... ${more} more lines`] : []),
    ]);
  };
  const screen = await openScreen(io, {
    key: ({ name }) => ENDING.has(name) && ending.abort(),
    resized: () => void redraw().catch(() => ending.abort()),
  });
  try {
    for (let isFirst = true; !until.aborted && !io.out.gone; isFirst = false) {
      const kept = keptStreams(screen.size().columns);
      const code = await look(kept, until);
      if (until.aborted) break;
      if (isFirst && !WITH_ROWS.has(code)) {
        await screen.close();
        await io.err.write(kept.err());
        return code;
      }
      // What went wrong is shown above the rows that were there last.
      [notes, at] = [kept.err(), now()];
      if (WITH_ROWS.has(code)) rows = kept.out();
      await redraw();
      await sleep(everyMs, undefined, { signal: until }).catch(() => {});
    }
  } finally {
    await screen.close();
  }
  // What was seen last stays where the command was typed.
  await io.out.write(rows);
  return 0;
}

const linesOf = (text: string) => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));
