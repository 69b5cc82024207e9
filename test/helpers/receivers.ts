import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';

/** What a receiver does with one message: takes it, or answers otherwise; `lost` takes it and ends the connection unanswered. */
export type Behaviour = 'take' | 'lost' | Answer;
interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

const isTaken = (does: Behaviour) => typeof does === 'string' || does.status < 300;

/** A POST that a server on this machine got. */
export interface Posted {
  path: string;
  headers: IncomingMessage['headers'];
  body: string;
  /** Whether it was taken. */
  taken: boolean;
}

/** A mail that a server on this machine got, as it came. */
export interface Mailed {
  to: string;
  text: string;
  messageId: string;
  taken: boolean;
}

export interface Receiver<T> {
  url: string;
  port: number;
  got: T[];
  /** What it does with the messages to come. */
  behave: (next: (path: string, body: string) => Behaviour) => void;
  stop: () => Promise<void>;
}

/** All of a stream; undefined where the sender is gone before its end. */
async function textOf(stream: Readable): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of stream) chunks.push(chunk);
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks).toString();
}

/** A server of HTTP, or of HTTPS with a key, that keeps what is posted to it. */
export async function startHook(tls?: { key: Buffer; cert: Buffer }): Promise<Receiver<Posted>> {
  const got: Posted[] = [];
  let next: (path: string, body: string) => Behaviour = () => 'take';
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await textOf(request);
    if (body === undefined) return;
    const { url: path = '', headers } = request;
    const does = next(path, body);
    got.push({ path, headers, body, taken: isTaken(does) });
    if (does === 'lost') return void request.socket.destroy();
    const {
      status,
      headers: headersOf,
      body: text = '{}',
    }: Answer = does === 'take' ? { status: 200 } : does;
    response.writeHead(status, headersOf).end(text);
  };
  const server = tls ? createSecureServer(tls, answer) : createServer(answer);
  server.unref().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const at = (server.address() as AddressInfo).port;
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${at}`,
    port: at,
    got,
    behave: (behaviour) => {
      next = behaviour;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A server of SMTP that keeps what is mailed to it. */
export async function startMail(options: SMTPServerOptions = {}): Promise<Receiver<Mailed>> {
  const got: Mailed[] = [];
  let next: (path: string, body: string) => Behaviour = () => 'take';
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: options.key ? [] : ['STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    ...options,
    async onData(stream, session, done) {
      const text = await textOf(stream);
      if (text === undefined) return;
      const does = next(session.envelope.rcptTo[0]?.address ?? '', text);
      const [, messageId = ''] = /^Message-ID: <([^>]*)>/im.exec(text) ?? [];
      got.push({ to: session.envelope.rcptTo[0]?.address ?? '', text, messageId, taken: isTaken(does) });
      if (does === 'lost') hangUp(session);
      else if (does === 'take') done(null, 'queued');
      else done(Object.assign(new Error(does.body ?? 'later'), { responseCode: does.status }));
    },
  });
  const hangUp = (of: SMTPServerSession) => {
    for (const { session, _socket } of server.connections) if (session === of) _socket.destroy();
  };
  server.on('error', () => {});
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  listening.unref();
  const { port } = listening.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    port,
    got,
    behave: (behaviour) => {
      next = behaviour;
    },
    stop: () => new Promise((done) => server.close(() => done())),
  };
}
