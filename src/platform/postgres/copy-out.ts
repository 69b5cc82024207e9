import type { Duplex } from 'node:stream';

/** A COPY TO STDOUT, which the driver takes in place of a query. */
export interface CopyOut {
  submit: (connection: { stream: Duplex; query: (text: string) => void }) => void;
  handleError: (error: Error) => void;
  handleCommandComplete: () => void;
  handleReadyForQuery: () => void;
  /** Its rows in the text form of COPY, many whole ones at a time. Throws the error of the server. */
  pieces: () => AsyncGenerator<Buffer>;
  /** Passes over the rows that nobody reads, so that the session can be used again. */
  drain: () => Promise<void>;
}

const PIECE_BYTES = 262_144;
/** How many pieces wait for their reader before the server has to. */
const MAX_READY = 4;

// A message of the server begins with its kind, and four bytes for the length of itself without the kind.
const HEADER_BYTES = 5;
const COPY_DATA = 0x64;
/** What may come before and between rows: CopyOutResponse, notices, settings and notifications. */
const PASSING = new Set([...'HNSA'].map((kind) => kind.charCodeAt(0)));

/** Where the message ends whose header is at `at`. */
const endOf = (bytes: Buffer, at: number) => at + 1 + bytes.readUInt32BE(at + 1);

/**
 * A COPY TO STDOUT. The server sends every row in a message of its own. They are put together as they arrive, because one
 * call per row takes longer than anything else that is done with it.
 */
export function copyOutOf(statement: string): CopyOut {
  let stream: Duplex | undefined;
  let driver: ((bytes: Buffer) => void) | undefined;
  let outcome: { error?: Error } | undefined;
  const ready: Buffer[] = [];
  let isUnwanted = false;
  let wake = () => {};
  const reader = readMessages(
    (piece) => {
      if (!isUnwanted) ready.push(piece);
      // Behind the rows the connection is the driver's again.
      if (driver && ready.length >= MAX_READY) stream?.pause();
      wake();
    },
    (message) => driver?.(message),
    release,
  );
  function release(messages?: Buffer): void {
    const listener = driver;
    if (!stream || !listener) return;
    driver = undefined;
    stream.off('data', reader.take).on('data', listener).resume();
    if (messages) listener(messages);
  }
  const end = (error?: Error) => {
    release();
    outcome ??= error ? { error } : {};
    wake();
  };
  /** The next piece as soon as there is one; undefined behind the last. */
  const next = async () => {
    while (ready.length === 0 && !outcome)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    if (ready.length === 0 && outcome?.error) throw outcome.error;
    if (driver) stream?.resume();
    return ready.shift();
  };

  return {
    submit(connection) {
      stream = connection.stream;
      [driver] = stream.listeners('data') as ((bytes: Buffer) => void)[];
      stream.removeAllListeners('data').on('data', reader.take);
      connection.query(statement);
    },
    handleError: end,
    handleCommandComplete: () => reader.flush(),
    handleReadyForQuery: () => end(),
    async *pieces() {
      for (let piece = await next(); piece; piece = await next()) yield piece;
    },
    async drain() {
      isUnwanted = true;
      ready.length = 0;
      stream?.resume();
      await next().catch(() => {});
    },
  };
}

/**
 * Takes the bytes of the server, which it may change: calls `rows` with many rows at a time, `pass` with every other
 * message before and between them, and `last` with those behind the rows.
 */
function readMessages(
  rows: (piece: Buffer) => void,
  pass: (message: Buffer) => void,
  last: (messages: Buffer) => void,
): { take: (bytes: Buffer) => void; flush: () => void } {
  let piece = Buffer.allocUnsafe(PIECE_BYTES);
  let filled = 0;
  // Of the row that the bytes before ended in, and of the message whose header they ended in.
  let missing = 0;
  let begun: Buffer | undefined;

  const flush = () => {
    if (filled > 0) rows(piece.subarray(0, filled));
    piece = piece.subarray(filled);
    filled = 0;
  };
  const makeRoom = (bytes: number) => {
    if (filled + bytes <= piece.length) return;
    flush();
    piece = Buffer.allocUnsafe(Math.max(PIECE_BYTES, bytes));
  };
  const add = (bytes: Buffer) => {
    piece.set(bytes, filled);
    filled += bytes.length;
  };

  /** Moves the rows that are whole to the left over their headers; returns where they end, and what is behind them. */
  const compact = (bytes: Buffer, from: number): { to: number; at: number } => {
    let at = from;
    let to = from;
    while (bytes.length - at >= HEADER_BYTES && bytes[at] === COPY_DATA) {
      const end = endOf(bytes, at);
      if (end > bytes.length) break;
      bytes.copyWithin(to, at + HEADER_BYTES, end);
      to += end - at - HEADER_BYTES;
      at = end;
    }
    return { to, at };
  };

  const take = (arrived: Buffer): void => {
    const bytes = begun ? Buffer.concat([begun, arrived]) : arrived;
    begun = undefined;
    const from = Math.min(missing, bytes.length);
    add(bytes.subarray(0, from));
    missing -= from;
    const { to, at } = compact(bytes, from);
    makeRoom(to - from);
    add(bytes.subarray(from, to));
    const rest = bytes.subarray(at);
    if (rest.length < HEADER_BYTES) {
      if (rest.length > 0) begun = rest;
      return;
    }
    const end = endOf(rest, 0);
    if (rest[0] === COPY_DATA) {
      makeRoom(end - HEADER_BYTES);
      add(rest.subarray(HEADER_BYTES));
      missing = end - rest.length;
    } else if (!PASSING.has(rest[0] as number)) last(rest);
    else if (end > rest.length) begun = rest;
    else {
      pass(rest.subarray(0, end));
      take(rest.subarray(end));
    }
  };
  return { take, flush };
}
