import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Book, openBook } from './book.ts';
import { CONTROL, chanceFrom } from './control.ts';
import {
  checkHeaders,
  checkTerms,
  isCountedWith,
  LIMITS,
  Refusal,
  type Request,
  ROUTES,
} from './requests.ts';
import { orderRow, positionRows, tradeRow } from './rows.ts';
import { openSessions } from './sessions.ts';
import {
  type Control,
  MISBEHAVIOURS,
  type Misbehaviour,
  type StandInCall,
  type StandInClient,
  type StandInMethod,
  type StandInOrder,
} from './types.ts';

/** A stand-in for Angel One SmartAPI on this machine. */
export interface StandIn {
  url: string;
  control: Control;
  book: Book;
  calls: StandInCall[];
  /** One-time passwords that were taken, by client. */
  passwords: Map<string, string[]>;
  /** What the client owns and has, as rows of getHolding and getRMS; computed or empty if not set. */
  holdings: Map<string, Record<string, unknown>[]>;
  funds: Map<string, Record<string, unknown>>;
  addClient: (client: StandInClient) => StandInClient;
  /** A new token of a client, without a login. */
  issue: (client: string) => string;
  /** Every token ends at once. */
  expireTokens: () => void;
  /** An order that somebody placed by hand, without a tag. */
  placeByHand: (client: string, fields?: Record<string, string>) => StandInOrder;
  /** Lets all orders make steps until none moves. */
  settle: () => void;
  /** The most calls of a client to a method, and to those counted with it, within any so many milliseconds. */
  mostWithin: (client: string, method: StandInMethod, ms: number) => number;
  stop: () => Promise<void>;
}

/** Starts a stand-in on a free port, or on one that is given. Stop it at the end. */
export async function startStandIn(
  settings: Partial<Control> & { seed?: number; port?: number; now?: () => Date } = {},
): Promise<StandIn> {
  const { seed = 1, port = 0, now: clock = () => new Date(), ...changes } = settings;
  const control: Control = { ...structuredClone(CONTROL), ...changes };
  const chance = chanceFrom(seed);
  const now = () => new Date(clock().getTime() + control.clockAheadMs);
  const book = openBook(control, chance, now);
  const sessions = openSessions(control, now);
  const holdings: StandIn['holdings'] = new Map();
  const funds: StandIn['funds'] = new Map();
  const calls: StandInCall[] = [];
  const stopping = new AbortController();

  function ownOrder(client: string, body: Record<string, string>): StandInOrder {
    const order = book.orders.get(body['orderid'] ?? '');
    if (order?.client !== client) throw new Refusal('AB1013', 'Order not found');
    if (body['variety'] !== order.fields['variety']) throw new Refusal('AB1008', 'Invalid variety');
    if (order.status !== 'open') throw new Refusal('AB1007', `Order is ${order.status}`);
    return order;
  }

  const accepted = (order: StandInOrder) => ({
    script: order.fields['tradingsymbol'],
    orderid: control.idsAsNumbers ? Number(order.id) : order.id,
    uniqueorderid: order.uniqueId,
  });
  const orNull = (rows: object[]) => (rows.length === 0 ? null : rows);
  const tradesOf = (client: string) =>
    book.trades.flatMap((trade) => {
      const order = book.orders.get(trade.orderId);
      return trade.client === client && order ? [{ trade, order }] : [];
    });

  const DO: Record<Exclude<StandInMethod, 'login'>, (client: string, request: Request) => unknown> = {
    refresh: (client) => sessions.issue(client),
    profile: (client) => ({ clientcode: client, name: 'STAND IN', exchanges: ['NSE', 'BSE'], products: [] }),
    logout: (client) => {
      sessions.logOut(client);
      return '';
    },
    funds: (client) =>
      funds.get(client) ?? {
        net: '100000.00',
        availablecash: '100000.00',
        availableintradaypayin: '0.00',
        availablelimitmargin: '0.00',
        collateral: '0.00',
        m2munrealized: '0.00',
        m2mrealized: '0.00',
        utiliseddebits: '0.00',
        utilisedspan: null,
      },
    place: (client, { body }) => {
      checkTerms(body);
      return accepted(book.place(client, body));
    },
    modify: (client, { body }) => {
      const order = ownOrder(client, body);
      checkTerms({ ...body, duration: body['duration'] ?? 'DAY' });
      if (Number(body['quantity']) < order.filled)
        throw new Refusal('AB1007', 'Quantity is below what is filled');
      book.modify(order, body);
      return accepted(order);
    },
    cancel: (client, { body }) => {
      const order = ownOrder(client, body);
      book.cancel(order);
      return accepted(order);
    },
    orders: (client) => {
      if (control.advanceOnRead) book.advance(client);
      const own = [...book.orders.values()].filter((order) => order.client === client);
      return orNull(own.map((order) => orderRow(order, control)));
    },
    trades: (client) =>
      orNull(
        tradesOf(client).flatMap(({ trade, order }) =>
          Array.from({ length: trade.rows }, () => tradeRow(trade, order, control)),
        ),
      ),
    positions: (client) => orNull(positionRows(tradesOf(client))),
    holdings: (client) => orNull(holdings.get(client) ?? []),
    quotes: () => ({ ltp: '100.00' }),
  };

  function misbehaviourOf(method: StandInMethod): Misbehaviour | undefined {
    const next = control.next[method]?.shift();
    if (next) return next === 'fine' ? undefined : next;
    const drawn = MISBEHAVIOURS.filter((each) => chance() < (control.chances[each] ?? 0));
    return drawn[Math.floor(chance() * drawn.length)];
  }

  /** Does what is asked and gives the answer. */
  function perform(request: Request): Record<string, unknown> {
    try {
      checkHeaders(request.headers);
      const data =
        request.method === 'login'
          ? sessions.login(request)
          : DO[request.method](sessions.clientOf(request), request);
      return { status: control.statusAsText ? 'true' : true, message: 'SUCCESS', errorcode: '', data };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return refusal(error, request);
    }
  }

  function refusal({ code, message }: Refusal, { headers, raw }: Pick<Request, 'headers' | 'raw'>) {
    const echo = ` [${headers.authorization} ${headers['x-privatekey']} ${raw}]`;
    const text = control.echoSecrets ? `${message}${echo}` : message;
    if (control.gatewayEnvelope || code.startsWith('AG'))
      return { success: false, message: text, errorCode: code, data: '' };
    return { status: false, message: text, errorcode: code, data: null };
  }

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const raw = await bodyOf(req);
    const method = ROUTES[`${req.method} ${req.url}`];
    if (!method) return send(res, 404, 'text/html', '<html>Not Found</html>');
    const request: Request = { method, headers: req.headers, raw, body: parsedBody(raw) };
    const misbehaviour = misbehaviourOf(method);
    const call: StandInCall = { client: sessions.callerOf(request), method, at: Date.now() };
    if (misbehaviour) call.misbehaviour = misbehaviour;
    calls.push(call);
    if (control.latencyMs > 0) await sleep(control.latencyMs, undefined, stopping);
    if (control.enforceLimits && isBeyondLimits(call)) return tooMany(res);
    if (misbehaviour) return misbehave(misbehaviour, request, res);
    return answer(res, perform(request));
  }

  function isBeyondLimits({ client, method, at }: StandInCall): boolean {
    const counted = calls.filter((call) => call.client === client && isCountedWith(call.method, method));
    return LIMITS[method].some(
      ([most, seconds]) => counted.filter((call) => call.at > at - seconds * 1_000).length > most,
    );
  }

  async function misbehave(what: Misbehaviour, request: Request, res: ServerResponse): Promise<void> {
    const done = what.endsWith('-after') ? perform(request) : undefined;
    const spoil: Record<string, () => Promise<void> | void> = {
      'access-rate': () => tooMany(res),
      empty: () => send(res, 200, 'application/json', ''),
      hang: async () => {
        await sleep(control.hangMs, undefined, stopping).catch(() => {});
        res.destroy();
      },
      'html-502': () =>
        send(res, 502, 'text/html', '<html><head><title>502 Bad Gateway</title></head></html>'),
      reset: () => void req(res).resetAndDestroy(),
      'half-json': () => {
        const whole = JSON.stringify(done ?? { status: true, data: null });
        send(res, 200, 'application/json', whole.slice(0, whole.length / 2));
      },
      'something-wrong': () =>
        answer(
          res,
          refusal(new Refusal('AB1004', 'Something Went Wrong, Please Try After Sometime'), request),
        ),
      'no-order-id': () => answer(res, { status: true, message: 'SUCCESS', errorcode: '', data: null }),
      'token-expired': () => answer(res, refusal(new Refusal('AG8002', 'Token Expired'), request)),
    };
    await spoil[what.replace(/-after$/, '')]?.();
  }

  const req = (res: ServerResponse) => res.socket as NonNullable<ServerResponse['socket']>;
  const tooMany = (res: ServerResponse) =>
    send(res, 403, 'text/plain', 'Access denied because of exceeding access rate');
  const answer = (res: ServerResponse, body: object) =>
    send(res, 200, 'application/json', JSON.stringify(body));

  function send(res: ServerResponse, status: number, type: string, body: string): void {
    res.writeHead(status, { 'Content-Type': type, Date: now().toUTCString() });
    res.end(body);
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    control,
    book,
    calls,
    passwords: sessions.passwords,
    holdings,
    funds,
    addClient: (client) => {
      sessions.clients.set(client.clientCode, client);
      return client;
    },
    issue: (client) => sessions.issue(client).jwtToken,
    expireTokens: sessions.expireAll,
    placeByHand: (client, fields = {}) =>
      book.place(client, {
        variety: 'NORMAL',
        tradingsymbol: 'SBIN-EQ',
        symboltoken: '3045',
        transactiontype: 'BUY',
        exchange: 'NSE',
        ordertype: 'LIMIT',
        producttype: 'DELIVERY',
        duration: 'DAY',
        price: '100',
        triggerprice: '0',
        quantity: '10',
        ...fields,
      }),
    settle: () => {
      while (book.advance());
    },
    mostWithin: (client, method, ms) =>
      mostIn(
        calls.filter((call) => call.client === client && isCountedWith(call.method, method)),
        ms,
      ),
    stop: () =>
      new Promise((resolve) => {
        stopping.abort();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The most calls within any so many milliseconds. */
function mostIn(calls: readonly StandInCall[], ms: number): number {
  const times = calls.map(({ at }) => at).sort((a, b) => a - b);
  let first = 0;
  return times.reduce((most, at, last) => {
    while ((times[first] ?? at) <= at - ms) first++;
    return Math.max(most, last - first + 1);
  }, 0);
}

async function bodyOf(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function parsedBody(raw: string): Record<string, string> {
  try {
    return JSON.parse(raw || '{}');
  } catch {
    return {};
  }
}
