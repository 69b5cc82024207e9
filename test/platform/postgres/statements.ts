import type { Socket } from 'node:net';
import { type Listener, startProxy } from '../../fault/proxy.ts';
import { postgresReader } from '../../fault/wire.ts';

/** A statement as it was sent to a server, and what came back. */
export interface Statement {
  sql: string;
  parameters: (string | null)[];
  rows: (string | null)[][];
  /** The tags of what completed, as `UPDATE 1`, or the code of the error. */
  ends: string[];
}

/** A way to a server that writes down every statement, for each database apart. */
interface Session {
  statements: Statement[];
  /** That whose results arrive now. */
  running?: Statement;
}

export type Recorder = Awaited<ReturnType<typeof startRecorder>>;

export async function startRecorder(upstream: { path: string } | { port: number }) {
  const recorded = new Map<string, Statement[]>();
  const sessions = new WeakMap<Socket, Session>();

  const start = (message: Buffer): Session => {
    const words = message.toString('utf8', 8).split('\0');
    const database = words[words.indexOf('database') + 1] ?? '';
    const statements = recorded.get(database) ?? [];
    recorded.set(database, statements);
    return { statements };
  };

  const listen: Listener = (message, from, line) => {
    const session = sessions.get(line);
    if (session) note(session, from + String.fromCharCode(message[0] ?? 0), message);
    else sessions.set(line, start(message));
  };

  const proxy = await startProxy(
    upstream,
    { client: () => postgresReader('frontend'), server: () => postgresReader('backend') },
    listen,
  );
  return {
    port: proxy.port,
    /** What was sent to a database since it was taken last. */
    take: (database: string): Statement[] => recorded.get(database)?.splice(0) ?? [],
    close: proxy.close,
  };
}

/** Notes what a message says of a statement; `type` is who sent it and its letter in the protocol. */
function note(session: Session, type: string, message: Buffer): void {
  const read = readerOf(message);
  const begin = (sql: string) => {
    session.running = { sql, parameters: [], rows: [], ends: [] };
    session.statements.push(session.running);
  };
  const { running } = session;
  const notes: Readonly<Record<string, () => void>> = {
    clientQ: () => begin(read.text()),
    clientP() {
      // The name of the statement.
      read.text();
      begin(read.text());
    },
    clientB() {
      if (running) running.parameters = parametersOf(read);
    },
    serverD: () => running?.rows.push(read.values()),
    serverC: () => running?.ends.push(read.text()),
    serverE: () => running?.ends.push(/\0C(\w{5})\0/.exec(message.toString('latin1', 5))?.[1] ?? ''),
  };
  notes[type]?.();
}

function parametersOf(read: ReturnType<typeof readerOf>): (string | null)[] {
  // The names of the portal and the statement, and the formats.
  read.text();
  read.text();
  for (let formats = read.short(); formats > 0; formats--) read.short();
  return read.values();
}

/** Reads a message of PostgreSQL's protocol 3 from behind its type and length. */
function readerOf(message: Buffer) {
  let at = 5;
  const short = () => {
    at += 2;
    return message.readInt16BE(at - 2);
  };
  const text = () => {
    const from = at;
    at = message.indexOf(0, from) + 1;
    return message.toString('utf8', from, at - 1);
  };
  const value = () => {
    const from = at + 4;
    const length = message.readInt32BE(at);
    at = from + Math.max(0, length);
    return length < 0 ? null : message.toString('utf8', from, at);
  };
  return { short, text, values: () => Array.from({ length: short() }, value) };
}
