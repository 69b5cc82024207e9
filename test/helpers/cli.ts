import { tmpdir } from 'node:os';
import { PassThrough, Writable } from 'node:stream';
import { run } from '../../src/program.ts';

export interface CliOptions {
  env?: Record<string, string>;
  stdin?: string | Buffer;
  /** What is typed on stdin once something is asked on stderr. */
  answer?: {
    to: string;
    keys: string /** What happens while the question waits. */;
    meanwhile?: () => Promise<unknown>;
  };
  /** Called with what is on stdout whenever there is more of it. */
  onOutput?: (stdout: string) => void;
  /** Called with what comes on either stream, in the order in which a terminal that shows both has it. */
  onText?: (text: string) => void;
  /** Whether stdin, stdout and stderr claim to be terminals. */
  tty?: boolean;
  /** Whether stdin is none all the same, as with `< file`. */
  redirected?: boolean;
  /** How wide these are; 120 columns unless it is said. */
  columns?: number;
  cwd?: string;
  home?: string;
  now?: Date;
  signal?: AbortSignal;
}

export interface CliResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a command line in this process through the front door, with streams and surroundings of its own. */
export function cli(argv: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return runWith(run, argv, options);
}

/** The same with another build of the program. */
export async function runWith(
  program: typeof run,
  argv: readonly string[],
  options: CliOptions,
): Promise<CliResult> {
  const stdin = new PassThrough();
  const [stdout, stderr] = [collector(options.onText, options.onOutput), collector(options.onText)];
  if (options.answer) typeAnswer(stdin, options.answer, stderr.text);
  else stdin.end(options.stdin ?? '');
  const tty = options.tty === true;
  const columns = options.columns ?? 120;
  const code = await program(
    argv,
    {
      stdin: Object.assign(stdin, { isTTY: tty && !options.redirected }),
      stdout: Object.assign(stdout.stream, { isTTY: tty, columns, ...cursorOf(stdout) }),
      stderr: Object.assign(stderr.stream, { isTTY: tty, columns, ...cursorOf(stderr) }),
      env: options.env ?? {},
      cwd: options.cwd ?? tmpdir(),
      home: options.home ?? '/nonexistent',
      user: 'tester',
      pid: process.pid,
      uid: process.getuid?.(),
      node: process.versions.node,
      now: () => options.now ?? new Date(),
    },
    options.signal ?? new AbortController().signal,
  );
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

function typeAnswer(
  stdin: PassThrough,
  { to, keys, meanwhile }: NonNullable<CliOptions['answer']>,
  asked: () => string,
): void {
  const waiting = setInterval(() => {
    if (!asked().includes(to)) return;
    clearInterval(waiting);
    void Promise.resolve(meanwhile?.()).then(() => stdin.write(keys));
  }, 5);
  waiting.unref();
}

const ESCAPE = '\u001b';

/** What a spinner moves about with on a terminal: seen on the screen, and no text. */
function cursorOf({ show }: { show: (text: string) => void }) {
  const shown = (text: string) => {
    show(text);
    return true;
  };
  return {
    cursorTo: (x: number) => shown(`${ESCAPE}[${x + 1}G`),
    moveCursor: (_dx: number, dy: number) => shown(dy < 0 ? `${ESCAPE}[${-dy}A` : ''),
    clearLine: () => shown(`${ESCAPE}[2K`),
  };
}

function collector(show: (text: string) => void = () => {}, onOutput?: (all: string) => void) {
  const chunks: Buffer[] = [];
  const text = () => Buffer.concat(chunks).toString('utf8');
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      show(chunk.toString());
      onOutput?.(text());
      done();
    },
  });
  return { stream, text, show };
}
