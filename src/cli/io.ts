import { writeSync } from 'node:fs';
import { Failure } from '../util/failure.ts';
import { IN_COLOUR, type Paint, WITHOUT_COLOUR } from '../util/paint.ts';
import { escapeControlLines, escapeControls } from '../util/text.ts';
import { broken, plainly, takesUnicode } from './charts/terminal.ts';
import type { Log } from './log.ts';

type Input = NodeJS.ReadableStream & { isTTY?: boolean; setRawMode?: (isRaw: boolean) => unknown };
type Output = NodeJS.WritableStream & { isTTY?: boolean; columns?: number; rows?: number; fd?: number };
type Env = Readonly<Record<string, string | undefined>>;

/** The streams and environment of one run; tests pass their own. */
export interface Surroundings {
  stdin: Input;
  stdout: Output;
  stderr: Output;
  env: Env;
  cwd: string;
  home: string;
  user: string;
  pid: number;
  /** The operating-system user of the process, if the system has users. */
  uid: number | undefined;
  /** The version of Node. */
  node: string;
  now: () => Date;
  /** Starts a pager, named by its words, on the terminal of stdout; undefined if there is no such program. */
  page?: ((words: readonly string[]) => Promise<Pager | undefined>) | undefined;
  /** Whether a person is there, where no question can be asked all the same: by default where one can be. */
  attended?: boolean;
  /** Has something done when the process ends, however it ends; returns what takes that back. */
  atExit?: (work: () => void) => () => void;
  /** Has something done before a terminal stops the process for a while, and once it goes on. */
  aroundStops?: (work: { before: () => void; after: () => void }) => Stops;
}

/** How to stop the process now, as ctrl-z does, and what takes back that something is done around that. */
interface Stops {
  stop: () => void;
  forget: () => void;
}

/** A program that shows text a screen at a time, and has the terminal until it ends. */
export interface Pager {
  input: NodeJS.WritableStream;
  /** Once it has ended, perhaps before it has read everything. */
  ended: Promise<void>;
}

/** Another way for what a sink is to write. */
export interface Detour {
  write: (text: string | Uint8Array) => Promise<void>;
  readonly gone: boolean;
}

/** One output stream: detects a terminal, waits for slow readers, stops when the reader has closed its end. */
export class Sink {
  readonly isTTY: boolean;
  readonly columns: number;
  /** The columns of the terminal, where it says how many: some say 0. */
  readonly width: number | undefined;
  readonly stream: Output;
  #gone = false;
  #detour: Detour | undefined;
  #filter: Detour | undefined;
  #failure: Error | undefined;

  /** With `forTerminal` it is treated as a terminal. */
  constructor(stream: Output, forTerminal = false) {
    this.stream = stream;
    this.isTTY = forTerminal || Boolean(stream.isTTY);
    this.width = stream.columns || undefined;
    this.columns = this.width ?? 80;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // A terminal that was closed answers EIO.
      if (error.code === 'EPIPE' || (error.code === 'EIO' && stream.isTTY)) this.#gone = true;
      else this.#failure = error;
    });
  }

  /** True when the reader has closed its end (`| head`). */
  get gone(): boolean {
    return this.#isClosed || this.#filter?.gone === true;
  }

  get #isClosed(): boolean {
    return this.#gone || this.#detour?.gone === true;
  }

  /** Sends what is written from here on another way; undefined takes that back. */
  divert(detour: Detour | undefined): void {
    this.#detour = detour;
  }

  /** Gives what is written from here on to a filter, which passes its results on; undefined takes that back. */
  filter(filter: Detour | undefined): void {
    this.#filter = filter;
  }

  /** Writes and waits until the stream takes more; throws OUTPUT_FAILED when it cannot be written, say a full disk. */
  async write(text: string | Uint8Array): Promise<void> {
    if (this.gone) return;
    await (this.#filter ? this.#filter.write(text) : this.pass(text));
  }

  /** The same behind the filter. */
  async pass(text: string | Uint8Array): Promise<void> {
    if (this.#isClosed) return;
    if (this.#detour) return this.#detour.write(text);
    await new Promise<void>((resolve) => this.stream.write(text, () => resolve()));
    if (this.#failure)
      throw new Failure(
        'output',
        'OUTPUT_FAILED',
        `The output could not be written: ${reason(this.#failure)}.`,
        {
          hint: 'What the command did stands; only its output is incomplete.',
          changed: null,
        },
      );
  }
}

/** Writes at once, where the process ends and nothing can be waited for. */
export function writeNow({ stream }: Pick<Sink, 'stream'>, text: string): void {
  try {
    if (stream.fd !== undefined) writeSync(stream.fd, text);
  } catch {
    // The terminal is gone.
  }
}

function reason(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOSPC') return 'the disk behind it is full';
  return error.code ?? 'unknown reason';
}

export interface Io {
  stdin: Input;
  out: Sink;
  err: Sink;
  env: Env;
  /** Whether a question may be asked: stdin and stderr are terminals, not CI, no --no-input. */
  canPrompt: boolean;
  /** Whether a person is there, be it that no question may be asked. */
  isAttended: boolean;
  /** Has something done when the process ends, however it ends; returns what takes that back. */
  atExit: (work: () => void) => () => void;
  /** Has something done before a terminal stops the process for a while, and once it goes on. */
  aroundStops: (work: { before: () => void; after: () => void }) => Stops;
  /** Whether a terminal shows characters beyond ASCII. */
  unicode: boolean;
  quiet: boolean;
  /** A message as stderr takes it: in ASCII on a terminal that has no more. */
  shown: (message: string) => string;
  /** How many messages were printed. */
  readonly spoken: number;
  /** Prints one line on stderr; silent with --quiet. */
  say: (line: string) => Promise<void>;
  /** Prints the same dim, beside what is printed. */
  note: (line: string) => Promise<void>;
  /** Lines to note once the result is printed. */
  afterwards: string[];
  /** How long questions have waited for their answers. */
  askedMs: number;
  /** Prints a warning on stderr, also with --quiet. */
  warn: (sentence: string) => Promise<void>;
  log: Log | undefined;
  /** Colours for a stream, off with NO_COLOR, in a pipe or with --no-color. */
  paint: (sink: Sink) => Paint;
}

export interface IoFlags {
  quiet: boolean;
  color: boolean;
  input: boolean;
}

/** The streams of one run under its global flags. */
export function createIo(around: Surroundings, out: Sink, err: Sink, flags: IoFlags, log?: Log): Io {
  const { env } = around;
  const unicode = takesUnicode(env);
  const shown = (message: string) => (err.isTTY ? plainly(message, { unicode }) : message);
  const paint = (sink: Sink) => (useColor(sink, env, flags.color) ? IN_COLOUR : WITHOUT_COLOUR);
  const inLines = (message: string) =>
    escapeControlLines(shown(message)).flatMap((line) => broken(line, err.isTTY ? err.width : undefined));
  let spoken = 0;
  const tell = async (message: string, tone: (line: string) => string) => {
    spoken += 1;
    await log?.add({ level: 'info', message });
    const lines = inLines(message).map((line) => `${tone(line)}\n`);
    if (!flags.quiet) await err.write(lines.join(''));
  };
  const canPrompt = flags.input && err.isTTY && !isSet(env['CI']) && Boolean(around.stdin.isTTY);
  return {
    get stdin() {
      return around.stdin;
    },
    out,
    err,
    env,
    canPrompt,
    isAttended: around.attended ?? canPrompt,
    atExit: around.atExit ?? (() => () => {}),
    aroundStops: around.aroundStops ?? (() => ({ stop() {}, forget() {} })),
    unicode,
    quiet: flags.quiet,
    log,
    get spoken() {
      return spoken;
    },
    shown,
    say: (line) => tell(line, (text) => text),
    note: (line) => tell(line, paint(err).dim),
    afterwards: [],
    askedMs: 0,
    async warn(sentence) {
      await log?.add({ level: 'warning', message: sentence });
      const line = `warning: ${escapeControls(shown(sentence))}`;
      await err.write(`${broken(line, err.isTTY ? err.width : undefined).join('\n')}\n`);
    },
    paint,
  };
}

function useColor(sink: Sink, env: Env, allowed: boolean): boolean {
  // Any value counts, by no-color.org; an empty one counts as not set.
  if (!allowed || env['NO_COLOR']) return false;
  if (env['FORCE_COLOR']) return isSet(env['FORCE_COLOR']);
  if (isSet(env['CLICOLOR_FORCE'])) return true;
  if (env['CLICOLOR'] === '0') return false;
  return sink.isTTY && env['TERM'] !== 'dumb';
}

/** Whether an on/off variable of the environment is on. */
export function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false';
}
