import { isAscii, isUtf8 } from 'node:buffer';
import { usage } from '../../util/failure.ts';

/** Consecutive lines of a file; null for one that is not UTF-8. */
export interface Lines {
  /** The number of the first, counted from 1. */
  first: number;
  texts: (string | null)[];
}

const LINE = 0x0a;
// A longer line means another kind of file, and would be held in memory whole.
const MAX_LINE_BYTES = 1_048_576;

/** The lines of a text block by block, without their ends and without a BOM; empty ones too. */
export async function* linesOf(bytes: AsyncIterable<Buffer>, name: string): AsyncGenerator<Lines> {
  let first = 1;
  let rest: Buffer | undefined;
  for await (const chunk of bytes) {
    const block = rest ? Buffer.concat([rest, chunk]) : chunk;
    const end = block.lastIndexOf(LINE);
    rest = block.subarray(end + 1);
    if (rest.length > MAX_LINE_BYTES) throw usage(`${name}: line ${first} is too long to be a row.`);
    if (end < 0) continue;
    const texts = decoded(block.subarray(0, end), first === 1);
    yield { first, texts };
    first += texts.length;
  }
  if (rest && rest.length > 0) yield { first, texts: decoded(rest, first === 1) };
}

function decoded(block: Buffer, begins: boolean): (string | null)[] {
  const bytes = begins && block.subarray(0, 3).equals(BOM) ? block.subarray(3) : block;
  if (!isUtf8(bytes)) return bytewise(bytes);
  const lines = bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8').split('\n');
  return bytes.includes(CR) ? lines.map(withoutCr) : lines;
}

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const CR = 0x0d;
const withoutCr = (line: string) => (line.endsWith('\r') ? line.slice(0, -1) : line);

/** The lines of a block that is not all UTF-8. */
function bytewise(block: Buffer): (string | null)[] {
  const texts: (string | null)[] = [];
  for (let from = 0; from <= block.length; ) {
    const end = block.indexOf(LINE, from);
    const line = block.subarray(from, end < 0 ? block.length : end);
    texts.push(isUtf8(line) ? withoutCr(line.toString('utf8')) : null);
    from = end < 0 ? block.length + 1 : end + 1;
  }
  return texts;
}
