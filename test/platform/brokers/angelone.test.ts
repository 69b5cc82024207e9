import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OrderTerms } from '../../../src/domain/broker.ts';
import { readSymbol } from '../../../src/domain/symbol.ts';
import { angelOneBroker } from '../../../src/platform/brokers/angelone/adapter.ts';
import type { AngelOneDependencies } from '../../../src/platform/brokers/angelone/calls.ts';
import { rootOf } from '../../../src/platform/brokers/angelone/http.ts';
import { type StandIn, startStandIn } from '../../helpers/stand-in/server.ts';
import { newTotpSecret } from '../../helpers/stand-in/tokens.ts';
import type { Misbehaviour, StandInMethod } from '../../helpers/stand-in/types.ts';

const CLIENT = 'A1';
const API_KEY = 'key-of-the-api';

let standIn: StandIn;
let renewals = 0;

beforeEach(async () => {
  standIn = await startStandIn({ hangMs: 2_000 });
  standIn.addClient({ clientCode: CLIENT, apiKey: API_KEY, pin: '4711', totpSecret: newTotpSecret() });
  renewals = 0;
});
afterEach(() => standIn.stop());

function open(change: Partial<AngelOneDependencies> = {}) {
  let token = standIn.issue(CLIENT);
  return angelOneBroker({
    root: standIn.url,
    timeoutMs: 500,
    signal: new AbortController().signal,
    apiKey: API_KEY,
    pauseMs: 5,
    limit: async () => {},
    now: () => new Date(),
    session: {
      token: async () => token,
      renew: async () => {
        renewals++;
        token = standIn.issue(CLIENT);
        return token;
      },
    },
    ...change,
  });
}

const TERMS: OrderTerms = {
  symbol: readSymbol('SBIN') as OrderTerms['symbol'],
  exchange: 'NSE',
  tradingSymbol: 'SBIN-EQ',
  token: '3045',
  tag: 'TAG-1',
  side: 'BUY',
  order_type: 'LIMIT',
  product: 'CNC',
  quantity: 10,
  price: 99.5,
  trigger_price: null,
};

const next = (method: StandInMethod, ...what: (Misbehaviour | 'fine')[]) => {
  standIn.control.next[method] = what;
};

describe('an order at the stand-in', () => {
  it('is placed, shown, modified, filled and cancelled', async () => {
    const broker = open();
    const placed = await broker.place(TERMS);
    expect(placed).toMatchObject({ outcome: 'accepted', http_status: 200 });
    const id = placed.outcome === 'accepted' ? placed.broker_order_id : '';
    expect(id).toMatch(/^\d{15}$/);
    const [shown] = await broker.orders();
    expect(shown).toMatchObject({
      broker_order_id: id,
      tag: 'TAG-1',
      symbol: 'SBIN',
      status: 'PLACED',
      variety: 'NORMAL',
    });
    const order = { ...TERMS, broker_order_id: id, variety: 'NORMAL' };
    expect(await broker.modify({ ...order, quantity: 20 })).toMatchObject({
      outcome: 'accepted',
      broker_order_id: id,
    });
    const truth = standIn.book.orders.get(id);
    if (truth) standIn.book.fill(truth, 5, 99.4);
    expect(await broker.orders()).toMatchObject([
      { quantity: 20, filled_quantity: 5, status: 'PARTIALLY_FILLED' },
    ]);
    expect(await broker.trades()).toMatchObject([
      { broker_order_id: id, quantity: 5, price: 99.4, side: 'BUY' },
    ]);
    expect(await broker.positions()).toMatchObject([{ symbol: 'SBIN', product: 'CNC', quantity: 5 }]);
    expect(await broker.cancel({ ...order, variety: 'STOPLOSS' })).toMatchObject({ outcome: 'refused' });
    expect(await broker.cancel(order)).toMatchObject({ outcome: 'accepted' });
    expect(await broker.orders()).toMatchObject([{ status: 'CANCELLED', filled_quantity: 5 }]);
    expect(await broker.holdings()).toEqual([]);
    expect(await broker.funds()).toMatchObject({ net: '100000.00' });
  });

  it.each([
    'access-rate',
    'access-rate-after',
    'empty',
    'empty-after',
    'hang',
    'hang-after',
    'html-502',
    'html-502-after',
    'reset',
    'reset-after',
    'half-json',
    'half-json-after',
    'something-wrong',
    'something-wrong-after',
    'no-order-id-after',
  ] as const)('is unknown after %s, and sent once', async (what) => {
    const broker = open();
    next('place', what);
    const answer = await broker.place(TERMS);
    expect(answer).toMatchObject({ outcome: 'unknown' });
    expect(standIn.calls.map(({ method }) => method)).toEqual(['place']);
    expect(standIn.book.orders.size).toBe(what.endsWith('-after') ? 1 : 0);
  });

  it('is sent again once, after one login, where the token has ended', async () => {
    const broker = open();
    standIn.expireTokens();
    expect(await broker.place(TERMS)).toMatchObject({ outcome: 'accepted' });
    expect(renewals).toBe(1);
    expect(standIn.book.orders.size).toBe(1);
    next('place', 'token-expired', 'token-expired', 'token-expired');
    expect(await broker.place(TERMS)).toMatchObject({ outcome: 'unsent' });
    expect(renewals).toBe(2);
    expect(standIn.book.orders.size).toBe(1);
  });

  it('is refused with the text of the broker', async () => {
    const broker = open();
    expect(await broker.place({ ...TERMS, tag: 'x'.repeat(21) })).toMatchObject({
      outcome: 'refused',
      reason: 'Order tag is longer than 20 (AB4008)',
    });
    expect(await broker.cancel({ ...TERMS, broker_order_id: '7', variety: 'NORMAL' })).toMatchObject({
      outcome: 'refused',
      reason: 'Order not found (AB1013)',
    });
  });

  it('was never sent to where nobody listens, without its number, and after an interrupt', async () => {
    const gone = await startStandIn();
    await gone.stop();
    expect(await open({ root: gone.url }).place(TERMS)).toMatchObject({
      outcome: 'unsent',
      reason: 'ECONNREFUSED',
    });
    expect(await open({ root: 'http://no-such-host.invalid' }).place(TERMS)).toMatchObject({
      outcome: 'unsent',
    });
    expect(await open().place({ ...TERMS, token: '' })).toMatchObject({ outcome: 'unsent' });
    expect(await open({ signal: AbortSignal.abort() }).place(TERMS)).toMatchObject({ outcome: 'unsent' });
    expect(await open({ apiKey: 'another' }).place(TERMS)).toMatchObject({ outcome: 'unsent' });
    expect(standIn.book.orders.size).toBe(0);
  });

  it('waits for its limit before each call', async () => {
    const limited: string[] = [];
    const broker = open({ limit: async (method) => void limited.push(method) });
    next('place', 'token-expired');
    await broker.place(TERMS);
    await broker.orders();
    await broker.funds();
    expect(limited).toEqual(['order', 'order', 'orders', 'funds']);
  });
});

describe('a read', () => {
  it.each(['access-rate', 'something-wrong'] as const)('is repeated a little after %s', async (what) => {
    const broker = open();
    next('orders', what, what);
    expect(await broker.orders()).toEqual([]);
    next('orders', what, what, what);
    await expect(broker.orders()).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE', exit: 7 });
    expect(standIn.calls).toHaveLength(6);
  });

  it.each(['empty', 'hang', 'html-502', 'reset', 'half-json'] as const)('fails after %s', async (what) => {
    const broker = open();
    next('orders', what);
    await expect(broker.orders()).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' });
    expect(standIn.calls).toHaveLength(1);
  });

  it('logs in once where the token has ended', async () => {
    const broker = open();
    standIn.expireTokens();
    expect(await broker.orders()).toEqual([]);
    expect(renewals).toBe(1);
    next('orders', 'token-expired', 'token-expired', 'token-expired');
    await expect(broker.orders()).rejects.toMatchObject({ code: 'BROKER_SESSION' });
    expect(renewals).toBe(2);
    await expect(open({ apiKey: 'another' }).orders()).rejects.toMatchObject({ code: 'BROKER_SESSION' });
  });

  it('understands numbers as ids, words as status, and protected market orders', async () => {
    Object.assign(standIn.control, {
      idsAsNumbers: true,
      statusAsText: true,
      marketAsLimit: true,
      otherwise: 'fill',
    });
    const broker = open();
    const placed = await broker.place({ ...TERMS, order_type: 'MARKET', price: 0 });
    expect(placed).toMatchObject({ outcome: 'accepted', broker_order_id: expect.stringMatching(/^\d{15}$/) });
    standIn.settle();
    expect(await broker.orders()).toMatchObject([{ order_type: 'LIMIT', price: 101.5, status: 'FILLED' }]);
    expect(await broker.trades()).toMatchObject([{ price: 100, quantity: 10 }]);
  });
});

describe('what happens to orders by and by', () => {
  it.each([
    ['partial', ['PLACED', 'PARTIALLY_FILLED', 'FILLED']],
    ['partial-then-cancel', ['PLACED', 'PARTIALLY_FILLED', 'CANCELLED']],
    ['overfill', ['PLACED', 'FILLED']],
    ['late-fill', ['PLACED', 'CANCELLED', 'CANCELLED']],
    ['duplicate-trade', ['PLACED', 'FILLED', 'FILLED']],
    ['unknown-status', ['PLACED', null, 'FILLED']],
    ['reject-later', ['REJECTED']],
  ] as const)('%s', async (fate, statuses) => {
    const broker = open();
    standIn.control.fates = [fate];
    await broker.place(TERMS);
    const seen = [];
    for (const _ of statuses) seen.push((await broker.orders())[0]);
    expect(seen.map((order) => order?.status)).toEqual(statuses);
    const trades = await broker.trades();
    const filled = trades.reduce((sum, { quantity }) => sum + quantity, 0);
    expect(filled).toBe(seen.at(-1)?.filled_quantity);
  });
});

describe('secrets that the stand-in echoes', () => {
  it('are in neither the reason nor the evidence', async () => {
    standIn.control.echoSecrets = true;
    const token = standIn.issue(CLIENT);
    const broker = open({ session: { token: async () => token, renew: async () => token } });
    const answer = await broker.place({ ...TERMS, tag: 'x'.repeat(21) });
    const text = JSON.stringify(answer);
    expect(answer.outcome).toBe('refused');
    expect(text).toContain('Order tag is longer');
    expect(text).not.toContain(API_KEY);
    expect(text).not.toContain('eyJ');
    expect(text).not.toContain(token.slice(-20));
    standIn.expireTokens();
    const failure = await broker.orders().catch((error: Error) => error.message);
    expect(failure).not.toContain(API_KEY);
    expect(failure).not.toContain('eyJ');
  });
});

describe('the root', () => {
  it.each([
    [undefined, 'https://apiconnect.angelone.in'],
    ['https://example.com/', 'https://example.com'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080'],
    ['http://localhost:1/', 'http://localhost:1'],
    ['http://[::1]:80', 'http://[::1]'],
  ])('of %s is %s', (url, root) => {
    expect(rootOf(url)).toBe(root);
  });

  it.each([
    'http://example.com',
    'http://127.0.0.1.example.com',
    'https://u:p@example.com',
    'https://example.com/?a=b',
    'nothing',
  ])('is not %s', (url) => {
    expect(() => rootOf(url)).toThrow('The setting broker.url');
  });
});
