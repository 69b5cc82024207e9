/** Where the whole messages end among some bytes of a stream. */
export type Reader = (bytes: Buffer) => number[];

/** The messages of PostgreSQL's protocol 3. The first of a frontend has no type before its length. */
export function postgresReader(side: 'frontend' | 'backend'): Reader {
  let started = side === 'backend';
  return (bytes) => {
    const ends: number[] = [];
    for (let at = 0; ; ) {
      const head = started ? 1 : 0;
      if (bytes.length < at + head + 4) return ends;
      const end = at + head + bytes.readInt32BE(at + head);
      if (bytes.length < end) return ends;
      started = true;
      ends.push(end);
      at = end;
    }
  };
}

/** The commands and the answers of Redis: RESP 2 and 3. */
export function redisReader(): Reader {
  return (bytes) => {
    const ends: number[] = [];
    for (let at = 0; ; ) {
      const end = endOfValue(bytes, at);
      if (end === undefined) return ends;
      ends.push(end);
      at = end;
    }
  };
}

/** Where a value ends that begins at `at`; undefined where it is not whole. */
function endOfValue(bytes: Buffer, at: number): number | undefined {
  const line = bytes.indexOf('\r\n', at);
  if (line < 0) return undefined;
  const [type, head] = [String.fromCharCode(bytes[at] ?? 0), line + 2];
  const size = Number(bytes.toString('latin1', at + 1, line));
  if ('$=!'.includes(type)) {
    const end = size < 0 ? head : head + size + 2;
    return end <= bytes.length ? end : undefined;
  }
  const parts = '*~>'.includes(type) ? Math.max(0, size) : '%|'.includes(type) ? 2 * size : 0;
  let end: number | undefined = head;
  for (let i = 0; i < parts && end !== undefined; i++) end = endOfValue(bytes, end);
  return end;
}
