import { isUtf8 } from 'node:buffer';
import type { Context } from '../../context.ts';
import { openSource } from '../../platform/files/open-source.ts';
import { findHeader } from '../../platform/files/read-header.ts';
import { usage } from '../../util/failure.ts';
import { parseJson } from '../../util/json.ts';
import { aliasesOf, KINDS, type Kind } from './kinds.ts';

/** What the beginning of a file shows. */
export interface Look {
  format: 'CSV' | 'NDJSON' | null;
  encoding: string;
  delimiter: string | null;
  /** Counted from 1; null for NDJSON and for a file without a header. */
  header_line: number | null;
  kind: Kind | undefined;
  /** The names of columns in the file. */
  names: readonly string[];
}

const DELIMITERS = [
  [',', 'comma'],
  [';', 'semicolon'],
  ['\t', 'tab'],
  ['|', 'vertical bar'],
] as const;
// As many lines as an import looks at for a header.
const MAX_LINES = 50;

/** Looks at the beginning of a file. Throws a usage error for a pipe, which cannot be read twice. */
export async function lookAt(path: string, ctx: Context): Promise<Look> {
  const source = openSource(path, ctx);
  if (source.once)
    throw usage(`${source.name} is no regular file, and would be read twice.`, 'Write it to a file first.');
  const start = await firstOf(source.bytes);
  const encoding = encodingOf(start);
  const none = { format: null, encoding, delimiter: null, header_line: null, kind: undefined, names: [] };
  if (!encoding.startsWith('UTF-8') && encoding !== UNKNOWN) return none;
  const lines = start
    .toString('utf8')
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .slice(0, MAX_LINES);
  const first = lines.findIndex((line) => line !== '');
  if (first < 0) return none;
  const head = lines[first] as string;
  if (head.startsWith('{')) {
    const names = keysOf(head);
    return { ...none, format: 'NDJSON', kind: (await match([names.join(',')]))?.kind, names };
  }
  for (const [sign, delimiter] of DELIMITERS) {
    const found = await match(sign === ',' ? lines : lines.map((line) => line.replaceAll(sign, ',')));
    if (!found) continue;
    const names = (lines[found.at] as string).split(sign).map((name) => name.trim());
    return { format: 'CSV', encoding, delimiter, header_line: found.at + 1, kind: found.kind, names };
  }
  const [sign, delimiter] = DELIMITERS.find(([each]) => head.includes(each)) ?? [',', null];
  const names = head.split(sign).map((name) => name.trim());
  return { ...none, format: 'CSV', delimiter, header_line: first + 1, names };
}

/** The first kind of file that has its header among some lines, and where. */
async function match(lines: readonly string[]): Promise<{ kind: Kind; at: number } | undefined> {
  for (const kind of KINDS) {
    const at = await findHeader(lines, kind.columns, aliasesOf(kind));
    if (at >= 0) return { kind, at };
  }
  return undefined;
}

async function firstOf(bytes: AsyncIterable<Buffer>): Promise<Buffer> {
  for await (const chunk of bytes) if (chunk.length > 0) return chunk;
  return Buffer.alloc(0);
}

const UNKNOWN = 'not UTF-8, perhaps Latin-1';

function encodingOf(start: Buffer): string {
  const [a, b, c] = start;
  if (a === 0x50 && b === 0x4b) return 'ZIP archive or Excel workbook';
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) return 'UTF-16';
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'UTF-8 with BOM';
  // The end of the block may be in the middle of a character.
  const whole = start.subarray(0, start.lastIndexOf(0x0a) + 1);
  return isUtf8(whole.length > 0 ? whole : start) ? 'UTF-8' : UNKNOWN;
}

function keysOf(line: string): string[] {
  try {
    return Object.keys(parseJson(line) as object);
  } catch {
    return [];
  }
}
