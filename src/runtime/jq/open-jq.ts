import { once } from 'node:events';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { Worker } from 'node:worker_threads';
import type { Detour, Io } from '../../cli/io.ts';
import { packageRoot } from '../../platform/files/package-root.ts';
import { Failure, usage } from '../../util/failure.ts';
import { escapeControlLines, escapeControls, escapeJson } from '../../util/text.ts';
import type { Request, Start } from './worker.ts';

/** A program may never end: the most that it may print of one answer, or of one row of a stream. */
const MOST_MB = 128;

/** The exit code of jq for input that is no JSON. */
const CUT_SHORT = 2;

/** A jq program that stdout goes through. */
interface Jq extends Detour {
  /** Says that there is no more input; returns why the output is incomplete, if it is. */
  end: () => Promise<Failure | undefined>;
  close: () => Promise<void>;
}

/**
 * Starts a jq program in a thread of its own, which a signal ends wherever it is, and which has no environment and no files. JSON is
 * written to it; its results are printed as they come, strings as text and anything else as JSON. Throws a usage error if it does
 * not compile.
 */
export async function openJq(program: string, io: Io, signal: AbortSignal): Promise<Jq> {
  const replies = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(join(await packageRoot(), 'dist/jq/worker.js'), {
    workerData: { program, indented: io.out.isTTY, replies } satisfies Start,
    env: {},
    argv: [],
    execArgv: [],
    stdout: true,
    stderr: true,
  });
  const print = printer(io);
  let printedBytes = 0;
  let isOver = false;
  let hasAll = false;
  let failure: Failure | undefined;

  const close = async () => {
    isOver = true;
    await worker.terminate();
  };
  const stop = async (reason?: Failure) => {
    failure = reason;
    await close();
  };
  const reply = (input: Uint8Array | null) => {
    worker.postMessage(input);
    Atomics.add(replies, 0, 1);
    Atomics.notify(replies, 0);
  };
  /** What the thread says next; undefined once the signal is given. */
  const next = async (): Promise<Request | undefined> => {
    try {
      const [request] = await once(worker, 'message', { signal });
      return request;
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  };
  const printResults = async (bytes: Uint8Array<ArrayBuffer>) => {
    printedBytes += bytes.length;
    if (printedBytes > MOST_MB * 2 ** 20) return stop(tooMuch());
    await print(bytes);
    if (io.out.gone) await stop();
  };
  const finish = async ({ code, messages }: Request & { kind: 'ended' }) => {
    // The command itself broke off, and says so.
    if (hasAll && code === CUT_SHORT) return stop();
    if (code !== 0) return stop(failed(code, messages));
    await printMessages(messages, io);
    await stop();
  };
  /** Serves the thread until it wants more input or is over. */
  const serve = async () => {
    for (let request = await next(); request?.kind !== 'wants'; request = await next()) {
      if (request === undefined) return stop(interrupted(signal));
      if (request.kind === 'ended') return finish(request);
      await (request.kind === 'messages' ? printMessages(request.text, io) : printResults(request.bytes));
      if (isOver) return;
      reply(null);
    }
  };

  try {
    const first = await next();
    signal.throwIfAborted();
    if (first?.kind === 'ended') throw notCompiled(first.messages);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    get gone() {
      return isOver;
    },
    async write(text) {
      printedBytes = 0;
      reply(Buffer.from(text));
      await serve();
    },
    async end() {
      if (isOver || signal.aborted) return failure;
      hasAll = true;
      reply(null);
      await serve();
      return failure;
    },
    close,
  };
}

/** Prints results line by line, without what drives a terminal. jq begins a line with a quote only where it is a string. */
function printer({ out }: Io): (bytes: Uint8Array<ArrayBuffer>) => Promise<void> {
  const decoder = new StringDecoder('utf8');
  let begun: string[] = [];
  const shown = (line: string) =>
    line.startsWith('"') ? String(JSON.parse(line)).replace(/[^\n\t]+/g, escapeControls) : escapeJson(line);
  return async (bytes) => {
    const [end = '', ...lines] = decoder.write(Buffer.from(bytes.buffer)).split('\n');
    begun.push(end);
    const rest = lines.pop();
    if (rest === undefined) return;
    const whole = [begun.join(''), ...lines];
    begun = [rest];
    await out.pass(whole.map((line) => `${shown(line)}\n`).join(''));
  };
}

const printMessages = (text: string, { err }: Io) => err.write(escapeControlLines(text).join('\n'));

const WITHOUT = /^jq: (?:error(?: \(at <[^>]*>(?::\d+)?\))?:? ?|\d+ compile errors?\n?)/gm;
/** What jq says of a failure, without what it says of itself. */
const said = (messages: string) =>
  messages.replace(WITHOUT, '').replaceAll(' at <top-level>, line', ' at line').trim();

const notCompiled = (messages: string) =>
  usage(
    `The program of --jq does not compile: ${said(messages) || 'it nests too deeply.'}`,
    "Quote it for the shell, as in --jq '.[].order_id'.",
  );

const incomplete = (message: string, advice = '') =>
  new Failure('output', 'JQ_FAILED', message, {
    hint: `${advice}What the command did stands; only its output is incomplete.`,
    changed: null,
  });

const failed = (code: number | undefined, messages: string) =>
  code === undefined
    ? incomplete(
        'The program of --jq has no memory left, or nests too deeply.',
        'Filter fewer rows, or pipe --json to jq. ',
      )
    : incomplete(`The program of --jq failed: ${said(messages) || `exit code ${code}`}`);

const tooMuch = () =>
  incomplete(
    `The program of --jq printed more than ${MOST_MB} MB of one answer, and was ended.`,
    'A program that is to print more goes behind a pipe: --json | jq. ',
  );

function interrupted({ reason }: AbortSignal): Failure {
  const { kind, code, message } =
    reason instanceof Failure ? reason : new Failure('interrupted', 'INTERRUPTED', 'Interrupted.');
  return new Failure(kind, code, `${message} What the command did stands; only its output is incomplete.`, {
    changed: null,
  });
}
