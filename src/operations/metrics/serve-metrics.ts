import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Context } from '../../context.ts';
import { MAX_TIMER_MS } from '../../util/duration.ts';
import { Failure, usage } from '../../util/failure.ts';
import { isLoopback } from '../../util/loopback.ts';
import { exposition, FORMATS } from './exposition.ts';
import type { Sample } from './families.ts';
import { openMetrics, type Reading, unanswered } from './read-metrics.ts';
import { refreshed } from './refreshed.ts';

/** An address to listen at; port 0 takes any free one. */
export interface Address {
  host: string;
  port: number;
}

interface Span {
  /** Milliseconds, and answers with metrics, after which it ends; undefined for never. */
  for: number | undefined;
  count: number | undefined;
}

/** A scraper that comes every two minutes is still answered at once; the patience is less than that of Prometheus, 10 s. */
const PACE = { pauseMs: 5_000, askedWithinMs: 180_000, mostAgeMs: 30_000, patienceMs: 8_000 };
/** A scraper sends a few hundred bytes at once and needs one connection. */
const LIMITS = {
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  // Who is late is looked for as often: connections that say nothing would keep out those of scrapers.
  connectionsCheckingInterval: 1_000,
  keepAliveTimeout: 65_000,
  maxHeaderSize: 8_192,
};
const MAX_CONNECTIONS = 256;

/**
 * Answers GET /metrics and /healthz at an address until the run is ended; gives the URL once it listens. Throws ADDRESS_IN_USE (exit
 * 10), and a usage error for an address that this machine does not have.
 */
export async function* serveMetrics(
  ctx: Context,
  address: Address,
  byUser: boolean,
  { for: lengthMs, count = Number.POSITIVE_INFINITY }: Span,
): AsyncGenerator<{ url: string }> {
  const done = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const newest = refreshed(PACE, done.signal, reporting(ctx, done.signal, await openMetrics(ctx, byUser)));
  const read = async () => (await newest())?.samples ?? unanswered(ctx);
  const server = createServer(LIMITS);
  server.maxConnections = MAX_CONNECTIONS;
  try {
    // What would keep it from every answer ends it now.
    await read();
    const end = AbortSignal.any([ctx.signal, done.signal]);
    // A signal of a timeout may be collected before it is time.
    if (lengthMs !== undefined) timer = setTimeout(() => done.abort(), Math.min(lengthMs, MAX_TIMER_MS));
    const { address: host, port } = await listen(server, address);
    const isLocal = isLoopback(host);
    const place = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    if (!isLocal) await ctx.io.warn(`Everybody who reaches ${place} can read the metrics.`);
    let left = count;
    server.on('request', async (request, response) => {
      if ((await answer(request, response, isLocal, read)) && --left <= 0) done.abort();
    });
    yield { url: `http://${place}/metrics` };
    if (!end.aborted) await once(end, 'abort');
  } finally {
    clearTimeout(timer);
    done.abort();
    server.close();
    server.closeAllConnections();
  }
}

async function listen(server: Server, { host, port }: Address): Promise<AddressInfo> {
  server.listen(port, host);
  await once(server, 'listening').catch(({ code }: NodeJS.ErrnoException) => {
    if (code === 'EADDRINUSE')
      throw new Failure('busy', 'ADDRESS_IN_USE', `Another program listens at ${host}:${port}.`, {
        hint: 'Name another address with --listen.',
      });
    throw usage(`--listen: this machine cannot listen at ${host}:${port} (${code}).`);
  });
  return server.address() as AddressInfo;
}

/** The same; stderr says when the database stops answering, and when it answers again. */
function reporting(ctx: Context, done: AbortSignal, read: () => Promise<Reading>): () => Promise<Reading> {
  let wasAway = false;
  return async () => {
    const reading = await read();
    const { failure } = reading;
    // At the end its connections are closed.
    if (done.aborted || ctx.signal.aborted) return reading;
    if (failure && !wasAway) await ctx.io.warn(failure.message);
    if (!failure && wasAway) await ctx.io.say('The database answers again.');
    wasAway = failure !== undefined;
    return reading;
  };
}

/** Answers a request; whether with metrics. */
async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  isLocal: boolean,
  read: () => Promise<Sample[]>,
): Promise<boolean> {
  const send = (status: number, text: string, headers: Record<string, string> = {}) =>
    response
      .writeHead(status, {
        'content-type': 'text/plain; charset=utf-8',
        'cache-control': 'no-store',
        ...headers,
      })
      .end(text);
  // A page in a browser of this machine may come here under a name of its own that leads to 127.0.0.1.
  const brief = (status: number, text: string, headers?: Record<string, string>) => {
    send(status, text, headers);
    return false;
  };
  if (isLocal && !isLocalName(request.headers.host))
    return brief(421, 'Ask by the address of this machine.\n');
  const [path] = (request.url ?? '').split('?');
  if (path !== '/metrics' && path !== '/healthz') return brief(404, 'There are /metrics and /healthz.\n');
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return brief(405, 'GET and HEAD only.\n', { allow: 'GET, HEAD' });
  if (path === '/healthz') return brief(200, 'ok\n');
  const format = prefersOpenMetrics(request.headers.accept) ? 'openmetrics' : 'prometheus';
  const samples = await read().catch(() => undefined);
  if (!samples) return brief(500, 'The metrics could not be read.\n');
  send(200, await exposition(samples, format), { 'content-type': FORMATS[format] });
  return true;
}

const isLocalName = (host = '') => isLoopback(host.replace(/:\d+$/, ''));

/** Whether a scraper that sends this header would rather have OpenMetrics than the text format. */
function prefersOpenMetrics(accept = ''): boolean {
  const qualityOf = (type: string) => {
    const offered = accept.split(',').find((each) => each.trim().startsWith(type));
    if (offered === undefined) return 0;
    const [, quality = '1'] = /;\s*q=([\d.]+)/.exec(offered) ?? [];
    return Number(quality);
  };
  const quality = qualityOf('application/openmetrics-text');
  return quality > 0 && quality >= qualityOf('text/plain');
}
