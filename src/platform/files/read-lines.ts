import { isAscii, isUtf8 } from 'node:buffer';
import { usage } from '../../util/failure.ts';

/** Consecutive lines of a file; null for one that is not UTF-8. */
export interface Lines {
  /** The number of the first, counted from 1. */
  first: number;
  texts: (string | null)[];
}

const LINE = 0x0a;
// A longer one is a file of another kind, and would have to be held in memory whole. Room for 64 KiB of quoted JSON.
const MAX_LINE_BYTES = 196_608;

/**
 * The lines of a text block by block, without their ends and without a BOM; empty ones too. Throws a usage error for a
 * line without an end, and for a file of another kind.
 */
export async function* linesOf(bytes: AsyncIterable<Buffer>, name: string): AsyncGenerator<Lines> {
  let first = 1;
  let rest: Buffer | undefined;
  let begun = false;
  for await (const chunk of bytes) {
    if (!begun && chunk.length > 0) {
      checkKind(chunk, name);
      begun = true;
    }
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

const UTF16 = 'Save it as CSV in UTF-8, or convert it: iconv -f UTF-16 -t UTF-8 FILE';

/** Throws a usage error for what begins as no text in UTF-8 does. */
function checkKind([a, b, c, d]: Buffer, name: string): void {
  const isUtf16 = (a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff) || (a === 0) !== (b === 0);
  if (isUtf16 && b !== undefined) throw usage(`${name} is not UTF-8, but UTF-16.`, UTF16);
  if (a === 0x50 && b === 0x4b && c === 0x03 && d === 0x04)
    throw usage(
      `${name} is a ZIP archive or an Excel workbook.`,
      'Save it as CSV in UTF-8; gzip, and a ZIP archive of one CSV file, are read, too.',
    );
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
