import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';

/** The parts of an archive as anybody can read and write them. */
export interface Parts {
  // biome-ignore lint/suspicious/noExplicitAny: whatever a forger puts there.
  header: any;
  /** The rows, or the SQL of format 1. */
  data: Buffer;
  // biome-ignore lint/suspicious/noExplicitAny: whatever a forger puts there.
  trailer: any;
}

const FOOT_BYTES = 31;

/** Takes an archive apart that is not encrypted. */
export function takeApart(path: string): Parts {
  const bytes = readFileSync(path);
  const body = bytes.indexOf(0x0a) + 1;
  const length = Number(bytes.subarray(-FOOT_BYTES).toString().slice(0, 10));
  const end = bytes.length - FOOT_BYTES - length - 2;
  return {
    header: JSON.parse(bytes.subarray(0, body).toString()),
    data: gunzipSync(bytes.subarray(body, end)),
    trailer: JSON.parse(bytes.subarray(end + 1, end + 1 + length).toString()),
  };
}

/** Writes an archive with a size and a SHA-256 that are right, and without a mark, for which it would take the key. */
export function forge(
  path: string,
  { header, data, trailer }: Parts,
  compressed: Uint8Array = gzipSync(data),
): string {
  const first = Buffer.from(`${JSON.stringify(header)}\n`);
  const sha256 = createHash('sha256').update(first).update(compressed).digest('hex');
  const last = JSON.stringify({ mark: null, ...trailer, bytes: compressed.length, sha256 });
  const foot = `${String(Buffer.byteLength(last)).padStart(10, '0')} pinnacle-backup-end\n`;
  writeFileSync(path, Buffer.concat([first, compressed, Buffer.from(`\n${last}\n${foot}`)]));
  return path;
}

/** The rows of a table within the data of format 2, and where they are. */
export function rowsOf({ header, data, trailer }: Parts, table: string) {
  const at = header.tables.findIndex((each: { table: string }) => each.table === table);
  const sizes: number[] = trailer.tables.map(({ bytes }: { bytes: number }) => bytes);
  const start = sizes.slice(0, at).reduce((sum, bytes) => sum + bytes, 0);
  const end = start + (sizes[at] ?? 0);
  return { at, start, end, rows: data.subarray(start, end) };
}

/** The same archive with other rows of a table, whose size and number are told rightly unless `counts` says otherwise. */
export function withRows(parts: Parts, table: string, rows: string, count?: number): Parts {
  const { at, start, end } = rowsOf(parts, table);
  const text = Buffer.from(rows);
  const told = { rows: count ?? rows.split('\n').length - 1, bytes: text.length };
  const tables = parts.trailer.tables.map((each: unknown, i: number) => (i === at ? told : each));
  return {
    header: parts.header,
    data: Buffer.concat([parts.data.subarray(0, start), text, parts.data.subarray(end)]),
    trailer: { ...parts.trailer, tables },
  };
}
