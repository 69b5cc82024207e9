import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Reader } from './wire.ts';

/** Where a line is cut: before or after a message, counted over all lines and both directions. */
export interface Cut {
  message: number;
  side: 'before' | 'after';
  /** Whether only that line breaks, or the server is away from then on. */
  server: 'back' | 'away';
}

export interface Cutter {
  port: number;
  /** Begins to count anew, and cuts there if anywhere; `onCut` is called at that moment. */
  arm: (cut?: Cut, onCut?: () => void) => void;
  /** How many messages there were, and how many COMMITs were sent, since it was armed. */
  seen: () => { messages: number; commits: number; cut: boolean };
  close: () => Promise<void>;
}

interface Protocol {
  client: () => Reader;
  server: () => Reader;
}

const isCommit = (message: Buffer) => /^[QP][\s\S]{4,5}commit\b/i.test(message.toString('latin1', 0, 16));

/** Is shown each whole message; `line` is that between client and proxy. */
export type Listener = (message: Buffer, from: 'client' | 'server', line: Socket) => void;

/** Stands in front of a server and passes whole messages on, until it is told to cut. */
export async function startProxy(
  upstream: { path: string } | { port: number },
  protocol: Protocol,
  listen?: Listener,
): Promise<Cutter> {
  let [messages, commits, isCut]: [number, number, boolean] = [0, 0, false];
  let [cut, onCut]: [Cut | undefined, (() => void) | undefined] = [undefined, undefined];
  const lines = new Set<Socket>();

  /** Whether a message may pass, and whether the line ends behind it. */
  const judge = () => {
    messages++;
    const isHere = !isCut && cut?.message === messages;
    if (isHere) isCut = true;
    return { passes: !(isHere && cut?.side === 'before'), ends: isHere };
  };

  const join = (from: Socket, to: Socket, read: Reader, isClient: boolean) => {
    let rest = Buffer.alloc(0);
    const [side, line] = isClient ? (['client', from] as const) : (['server', to] as const);
    const tell = listen && ((message: Buffer) => listen(message, side, line));
    const pass = (message: Buffer) => {
      if (from.destroyed || to.destroyed) return;
      tell?.(message);
      if (isClient && isCommit(message)) commits++;
      const { passes, ends } = judge();
      if (passes) to.write(message);
      if (ends) sever(from, to);
    };
    from.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      const ends = read(rest);
      for (const [i, end] of ends.entries()) pass(rest.subarray(ends[i - 1] ?? 0, end));
      rest = rest.subarray(ends.at(-1) ?? 0);
    });
    from.on('close', () => to.end());
    from.on('error', () => to.destroy());
  };

  /** What was passed on arrives: an end behind it, not a reset that overtakes it. */
  const sever = (from: Socket, to: Socket) => {
    to.end(() => to.destroy());
    from.destroy();
    onCut?.();
    if (cut?.server === 'away') for (const line of lines) line.destroy();
  };

  const server: Server = createServer((client) => {
    client.setNoDelay(true);
    if (isCut && cut?.server === 'away') return void client.destroy();
    const to = connect(upstream);
    to.setNoDelay(true);
    for (const line of [client, to]) {
      lines.add(line);
      line.on('close', () => lines.delete(line));
    }
    join(client, to, protocol.client(), true);
    join(to, client, protocol.server(), false);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    port: (server.address() as { port: number }).port,
    arm(next, told) {
      [messages, commits, isCut, cut, onCut] = [0, 0, false, next, told];
    },
    seen: () => ({ messages, commits, cut: isCut }),
    close: () =>
      new Promise((closed) => {
        for (const line of lines) line.destroy();
        server.close(() => closed());
      }),
  };
}
