import { usage } from '../../util/failure.ts';

// An object of a list is small; a file without an end of one is none.
const MAX_OBJECT_CHARS = 1_048_576;

const [QUOTE, BACKSLASH, OPEN, CLOSE, LIST, END] = [...'"\\{}[]'].map((text) => text.charCodeAt(0));

/**
 * The objects of a JSON array of any length, in blocks as the bytes come: never the whole text at once. Throws a usage
 * error for what is no such array, is cut off, or is not UTF-8.
 */
export async function* jsonObjects(bytes: AsyncIterable<Buffer>, name: string): AsyncGenerator<unknown[]> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const scan = { depth: 0, inText: false, escaped: false, ended: false };
  let rest = '';
  let scanned = 0;
  for await (const chunk of bytes) {
    rest += decoded(decoder, chunk, name);
    const found = lastEnd(rest.slice(scanned), scan);
    if (found > 0) {
      const whole = rest.slice(0, scanned + found);
      rest = rest.slice(scanned + found);
      yield parsed(whole, name);
    } else if (rest.length > MAX_OBJECT_CHARS) throw noList(name);
    scanned = rest.length;
  }
  if (!scan.ended) throw usage(`${name} is cut off: it ends within its list.`, 'Download it again.');
  if (rest.trim() !== ']') throw noList(name);
}

interface Scan {
  depth: number;
  inText: boolean;
  escaped: boolean;
  ended: boolean;
}

/** Scans more text; returns how much of it is up to the end of the last object that ends in it, 0 if none does. */
function lastEnd(text: string, scan: Scan): number {
  let end = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (scan.inText) passText(code, scan);
    else if (passBracket(code, scan)) end = i + 1;
  }
  return end;
}

function passText(code: number, scan: Scan): void {
  if (scan.escaped) scan.escaped = false;
  else if (code === BACKSLASH) scan.escaped = true;
  else if (code === QUOTE) scan.inText = false;
}

/** Passes a character outside of text; whether it ends an object of the list. */
function passBracket(code: number, scan: Scan): boolean {
  if (code === QUOTE) scan.inText = true;
  else if (code === OPEN || code === LIST) scan.depth++;
  else if (code === CLOSE || code === END) {
    scan.depth--;
    scan.ended ||= scan.depth === 0;
    return scan.depth === 1 && code === CLOSE;
  }
  return false;
}

/** The objects of a piece of the list, which begins with its bracket or with the comma behind the object before. */
function parsed(piece: string, name: string): unknown[] {
  const text = piece.trimStart().replace(/^\uFEFF?\s*[[,]/, '');
  try {
    return JSON.parse(`[${text}]`);
  } catch {
    throw noList(name);
  }
}

const noList = (name: string) => usage(`${name} is no list of JSON objects.`);

function decoded(decoder: InstanceType<typeof TextDecoder>, chunk: Buffer, name: string): string {
  try {
    return decoder.decode(chunk, { stream: true });
  } catch {
    throw usage(`${name} is not UTF-8.`);
  }
}
