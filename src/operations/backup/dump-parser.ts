/** A part of a dump as text: SQL between tables, or a table's rows as COPY writes them. */
export type Part = { sql: string } | { copy: CopyTarget } | { rows: Buffer } | { end: true };

/** A table and its columns, quoted as the dump has them. */
export interface CopyTarget {
  table: string;
  columns: string;
}

const COPY = /^COPY (.+) \((.*)\) FROM stdin;$/;
const LINE = 0x0a;
const END = Buffer.from('\\.\n');
const LINE_END = Buffer.from('\n\\.\n');

/**
 * Takes a dump apart as it comes, chunk by chunk. `feed` gives what is complete by then, rows as whole lines; `finish`
 * gives the SQL behind the last table, or throws RangeError within one.
 */
export function scriptReader() {
  let rest: Buffer = Buffer.alloc(0);
  let table: string | undefined;
  let lines: string[] = [];

  const flush = (parts: Part[]) => {
    if (lines.length > 0) parts.push({ sql: lines.join('\n') });
    lines = [];
  };
  /** Takes a line of SQL; false where there is no whole one. */
  const takeLine = (parts: Part[]): boolean => {
    const end = rest.indexOf(LINE);
    if (end < 0) return false;
    const line = rest.toString('utf8', 0, end);
    rest = rest.subarray(end + 1);
    const [, name, columns = ''] = COPY.exec(line) ?? [];
    if (name !== undefined) {
      flush(parts);
      table = name;
      parts.push({ copy: { table: name, columns } });
      // What else begins with a backslash is meant for psql.
    } else if (!line.startsWith('\\')) lines.push(line);
    return true;
  };
  /** Takes rows; false where more must come first. */
  const takeRows = (parts: Part[]): boolean => {
    const over = rest.subarray(0, END.length).equals(END);
    const end = over ? 0 : rest.indexOf(LINE_END) + 1;
    const whole = over || end > 0;
    const until = whole ? end : rest.lastIndexOf(LINE) + 1;
    if (until > 0) parts.push({ rows: rest.subarray(0, until) });
    rest = rest.subarray(whole ? until + END.length : until);
    if (whole) {
      table = undefined;
      parts.push({ end: true });
    }
    return whole;
  };

  return {
    feed(chunk: Uint8Array): Part[] {
      rest =
        rest.length === 0
          ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
          : Buffer.concat([rest, chunk]);
      const parts: Part[] = [];
      while (table === undefined ? takeLine(parts) : takeRows(parts));
      return parts;
    },
    finish(): Part[] {
      if (table !== undefined) throw new RangeError(`it ends within table ${table}`);
      const parts: Part[] = [];
      if (rest.length > 0) lines.push(rest.toString('utf8'));
      flush(parts);
      return parts;
    },
  };
}

/** The parts of a dump. */
export async function* readParts(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Part> {
  const reader = scriptReader();
  for await (const chunk of chunks) yield* reader.feed(chunk);
  yield* reader.finish();
}

/** A COPY into a table under way. */
export interface Copying {
  write: (lines: Buffer) => Promise<void>;
  end: () => Promise<unknown>;
  abort: () => Promise<unknown>;
}
