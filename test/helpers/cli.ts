import { tmpdir } from 'node:os';
import { PassThrough, Writable } from 'node:stream';
import { run } from '../../src/program.ts';

export interface CliOptions {
  env?: Record<string, string>;
  stdin?: string | Buffer;
  /** Whether stdin, stdout and stderr claim to be terminals. */
  tty?: boolean;
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
  stdin.end(options.stdin ?? '');
  const [stdout, stderr] = [collector(), collector()];
  const tty = options.tty === true;
  const code = await program(
    argv,
    {
      stdin: Object.assign(stdin, { isTTY: tty }),
      stdout: Object.assign(stdout.stream, { isTTY: tty, columns: 120, ...CURSOR }),
      stderr: Object.assign(stderr.stream, { isTTY: tty, columns: 120, ...CURSOR }),
      env: options.env ?? {},
      cwd: options.cwd ?? tmpdir(),
      home: options.home ?? '/nonexistent',
      user: 'tester',
      pid: process.pid,
      uid: process.getuid?.(),
      now: () => options.now ?? new Date(),
    },
    options.signal ?? new AbortController().signal,
  );
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

/** What a spinner moves about with on a terminal. */
const CURSOR = { cursorTo: () => true, moveCursor: () => true, clearLine: () => true };

function collector() {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') };
}
