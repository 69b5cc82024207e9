import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** The bytes that are compressed at once. */
const BLOCK_BYTES = 1_048_576;
/** Blocks under way, on as many threads: memory is a few of them, whatever passes through. */
const MAX_WORKERS = 4;
const compress = promisify(gzip);

/** The pieces as gzip, in blocks that several threads compress; whatever reads gzip reads one behind the other as one. */
export async function* compressed(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const underWay: Promise<Buffer>[] = [];
  const begin = (block: Uint8Array[]) => {
    const made = compress(Buffer.concat(block), { level: 6, memLevel: 9, chunkSize: BLOCK_BYTES });
    // It is awaited when its turn comes, if nothing fails before.
    made.catch(() => {});
    underWay.push(made);
  };
  let block: Uint8Array[] = [];
  let size = 0;
  for await (const piece of pieces) {
    block.push(piece);
    size += piece.length;
    if (size < BLOCK_BYTES) continue;
    begin(block);
    [block, size] = [[], 0];
    const first = underWay.length >= MAX_WORKERS ? underWay.shift() : undefined;
    if (first) yield await first;
  }
  begin(block);
  for (const made of underWay) yield await made;
}
