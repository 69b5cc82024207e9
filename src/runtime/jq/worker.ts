import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { loadJq } from 'jq-wasm';

/** What this thread is started with. */
export interface Start {
  program: string;
  /** Whether results are indented. */
  indented: boolean;
  /** Counts the replies. */
  replies: Int32Array<SharedArrayBuffer>;
}

/**
 * What this thread says before it waits for a reply: it wants more input, and with that has done all it can with what it had; it
 * wrote results or, as `debug` does, messages; it ended, with the exit code of jq, none where it broke off, and what its messages were. The
 * reply to the first is input, or null at its end; to the others null.
 */
export type Request =
  | { kind: 'wants' }
  | { kind: 'results'; bytes: Uint8Array<ArrayBuffer> }
  | { kind: 'messages'; text: string }
  | { kind: 'ended'; code: number | undefined; messages: string };

/** The part that is used here of what Emscripten makes of jq; the build takes away what the package puts around it. */
interface Jq {
  FS: {
    streams: { stream_ops: object }[];
    writeFile(path: string, text: string): void;
  };
  callMain(argv: string[]): number;
}

type Copy = (stream: unknown, memory: Int8Array, offset: number, length: number) => number;

const NO_BYTES = new Uint8Array();
const BUFFER_BYTES = 65_536;
/** Of jq, where an input made the program fail; it would go on with the next. */
const FAILED = /^jq: error \(at /m;
const FAILED_CODE = 5;

const { program, indented, replies } = workerData as Start;

/** Says something and waits for the reply, as a call of jq to its operating system waits. */
function ask(request: Request): Uint8Array<ArrayBuffer> | null {
  const before = Atomics.load(replies, 0);
  parentPort?.postMessage(request);
  Atomics.wait(replies, 0, before);
  return (parentPort && receiveMessageOnPort(parentPort)?.message) ?? null;
}

/** Collects what jq writes, and passes on what fills the buffer. */
function collected(flush: (bytes: Uint8Array<ArrayBuffer>) => void) {
  const buffer = new Uint8Array(BUFFER_BYTES);
  let used = 0;
  const empty = () => {
    const bytes = buffer.slice(0, used);
    used = 0;
    return bytes;
  };
  const write: Copy = (_stream, memory, offset, length) => {
    const taken = Math.min(length, buffer.length - used);
    buffer.set(memory.subarray(offset, offset + taken), used);
    used += taken;
    if (used === buffer.length) flush(empty());
    return taken;
  };
  return { write, empty };
}

const textOf = (bytes: Uint8Array<ArrayBuffer>) => new TextDecoder().decode(bytes);
const results = collected((bytes) => ask({ kind: 'results', bytes }));
const messages = collected((bytes) => ask({ kind: 'messages', text: textOf(bytes) }));

function passResults(): void {
  const bytes = results.empty();
  if (bytes.length > 0) ask({ kind: 'results', bytes });
}

let input: Uint8Array | null = NO_BYTES;

function moreInput(): Uint8Array | null {
  passResults();
  const text = textOf(messages.empty());
  if (FAILED.test(text)) ask({ kind: 'ended', code: FAILED_CODE, messages: text });
  if (text !== '') ask({ kind: 'messages', text });
  return ask({ kind: 'wants' });
}

const read: Copy = (_stream, memory, offset, length) => {
  while (input?.length === 0) input = moreInput();
  const bytes = input?.subarray(0, length) ?? NO_BYTES;
  memory.set(bytes, offset);
  input = input?.subarray(bytes.length) ?? null;
  return bytes.length;
};

async function openedJq(): Promise<Jq> {
  const wasmBinary = readFileSync(join(__dirname, 'jq.wasm'));
  const jq = (await loadJq({ wasmBinary })) as unknown as Jq;
  for (const [i, copy] of [{ read }, { write: results.write }, { write: messages.write }].entries()) {
    const stream = jq.FS.streams[i];
    if (stream) stream.stream_ops = { ...stream.stream_ops, ...copy };
  }
  return jq;
}

/** Runs jq to its end; returns its exit code, or undefined where it breaks off. */
function run({ FS, callMain }: Jq): number | undefined {
  // A program on the command line could be taken for a flag, and would be limited by the stack.
  FS.writeFile('/program', program);
  const format = indented ? [] : ['--compact-output'];
  try {
    return callMain(['--monochrome-output', '--unbuffered', ...format, '--from-file', '/program']);
  } catch {
    return undefined;
  }
}

openedJq().then((jq) => {
  const code = run(jq);
  passResults();
  ask({ kind: 'ended', code, messages: textOf(messages.empty()) });
});
