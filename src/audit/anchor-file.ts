import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { Failure } from '../util/failure.ts';
import { readInput } from '../util/file.ts';
import { FileProblem, toFileProblem } from '../util/file-problem.ts';
import type { Signed } from './checkpoint.ts';

// About a hundred thousand checkpoints.
const MAX_ANCHOR_BYTES = 67_108_864;

/** A line of an anchor file; without `signed` if it is not a checkpoint. */
export interface AnchorLine {
  line: number;
  signed: Signed | undefined;
}

/** The checkpoints in an anchor file; none if the file does not exist. Throws ANCHOR_FAILED (exit 74). */
export async function readAnchor(path: string): Promise<AnchorLine[]> {
  const text = await readInput(path, MAX_ANCHOR_BYTES).then(
    ({ bytes }) => bytes.toString('utf8'),
    (error) => {
      if (error instanceof FileProblem && error.code === 'ENOENT') return '';
      throw anchorFailure(path, error);
    },
  );
  return text
    .split('\n')
    .map((line, i) => ({ line: i + 1, text: line }))
    .filter((each) => each.text !== '')
    .map(({ line, text: content }) => ({ line, signed: parseLine(content) }));
}

/** Appends checkpoints to an anchor file that only its owner can read, and waits until they are on the disk. */
export async function appendAnchor(path: string, checkpoints: readonly Signed[]): Promise<void> {
  if (checkpoints.length === 0) return;
  const { O_APPEND, O_CREAT, O_RDWR, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    const handle = await open(path, O_APPEND | O_CREAT | O_RDWR | O_NOFOLLOW | O_NONBLOCK, 0o600);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw new FileProblem('EINVAL', 'is no regular file');
      const end = await handle.read(Buffer.alloc(1), 0, 1, Math.max(0, stats.size - 1));
      // A line that a power failure cut short stays a separate line.
      const torn = end.bytesRead === 1 && end.buffer[0] !== 0x0a;
      const lines = checkpoints.map(
        ({ body, key_id, signature }) => `${JSON.stringify({ body, key_id, signature })}\n`,
      );
      await handle.appendFile(`${torn ? '\n' : ''}${lines.join('')}`);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw anchorFailure(path, toFileProblem(error, 'written'));
  }
}

function parseLine(text: string): Signed | undefined {
  try {
    const { body, key_id, signature } = JSON.parse(text) as Signed;
    return [body, key_id, signature].every((part) => typeof part === 'string')
      ? { body, key_id, signature }
      : undefined;
  } catch {
    return undefined;
  }
}

const anchorFailure = (path: string, error: unknown): unknown =>
  error instanceof FileProblem
    ? new Failure('output', 'ANCHOR_FAILED', `The anchor file ${path} ${error.why}.`)
    : error;
