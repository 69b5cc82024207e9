import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const BLOCK_BYTES = 1_048_576;
/** Blocks in flight, one thread each; bounds memory. */
const MAX_WORKERS = 4;
const compress = promisify(gzip);

/** Compresses with gzip in blocks, on several threads. The result is a sequence of gzip members, which every reader of gzip accepts. */
export async function* compressed(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const inFlight: Promise<Buffer>[] = [];
  const start = (block: Uint8Array[]) => {
    const member = compress(Buffer.concat(block), { level: 6, memLevel: 9, chunkSize: BLOCK_BYTES });
    // It is awaited later; until then a failure must not be an unhandled rejection.
    member.catch(() => {});
    inFlight.push(member);
  };
  let block: Uint8Array[] = [];
  let size = 0;
  for await (const piece of pieces) {
    block.push(piece);
    size += piece.length;
    if (size < BLOCK_BYTES) continue;
    start(block);
    [block, size] = [[], 0];
    const first = inFlight.length >= MAX_WORKERS ? inFlight.shift() : undefined;
    if (first) yield await first;
  }
  start(block);
  for (const member of inFlight) yield await member;
}
