import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { adjustingPrice } from '../../../src/domain/reconcile/adjusting-price.ts';
import { isRepairable } from '../../../src/domain/reconcile/difference.ts';
import { shared } from '../../helpers/shared.ts';
import {
  type Books,
  compare,
  fill,
  filled,
  holding,
  our,
  ourPosition,
  their,
  theirPosition,
  trade,
  YESTERDAY,
} from './books.ts';

interface Side {
  qty: number;
  avg: number | null;
}
type Case = { id: string } & (
  | { kind: 'adjusting_price'; book: Side; broker: Side; expected_price: number | null }
  | { kind: 'scenario'; class: string; exit: number; apply: string }
);

const complete = { status: 'FILLED', status_text: 'complete', filled_quantity: 10 } as const;
const unsure = { status: 'PENDING', broker_order_id: '' } as const;

/** The scenarios as books; their descriptions are prose. */
const SCENARIOS: Readonly<Record<string, Books>> = {
  'accepted-but-empty-reply': { ours: { orders: [our(unsure)] }, orders: [their()] },
  'rate-limit-403-but-placed': {
    ours: { orders: [our(unsure)] },
    orders: [their(complete)],
    trades: [trade()],
  },
  'yesterday-not-in-book': { ours: { orders: [our({ created_at: YESTERDAY, sent: null })] } },
  'query-failed-is-not-flat': { ours: { positions: [ourPosition(10)] }, positions: 'HTTP 403' },
  'fill-missed-in-stream': {
    ours: { orders: [our()] },
    orders: [their(complete)],
    trades: [trade({ price: 2449.75 })],
  },
  'partial-then-cancel': {
    ours: { orders: [filled([fill({ broker_fill_id: '1', quantity: 4 })])] },
    orders: [their({ status: 'CANCELLED', status_text: 'cancelled', filled_quantity: 6 })],
    trades: [trade({ broker_fill_id: '1', quantity: 4 }), trade({ broker_fill_id: '2', quantity: 2 })],
  },
  'terminal-here-open-there': { ours: { orders: [our({ status: 'CANCELLED' })] }, orders: [their()] },
  'duplicate-trade-rows': {
    ours: {
      orders: [filled([fill({ broker_fill_id: '9', quantity: 1 })], { quantity: 1, status: 'FILLED' })],
    },
    orders: [their({ ...complete, quantity: 1, filled_quantity: 1 })],
    trades: [trade({ broker_fill_id: '9', quantity: 1 }), trade({ broker_fill_id: '9', quantity: 1 })],
  },
  'orderbook-vs-tradebook-price': {
    ours: { orders: [filled([fill({ price: 100.5 })], { order_type: 'MARKET', price: 0 })] },
    orders: [their({ ...complete, price: 101, average_price: 100.5 })],
    trades: [trade({ price: 100.5 })],
  },
  'external-order': {
    orders: [their({ ...complete, quantity: 5, filled_quantity: 5, tag: '' })],
    trades: [trade({ quantity: 5 })],
    positions: [theirPosition(5)],
  },
  'position-differs-fills-agree': {
    ours: { orders: [filled([fill()])], positions: [ourPosition(-75)] },
    orders: [their(complete)],
    trades: [trade()],
    positions: [theirPosition(-65)],
  },
  'warm-restart-must-not-flatten': {
    ours: {
      orders: [filled([fill({ quantity: 1 })], { side: 'SELL', quantity: 1, status: 'FILLED' })],
      positions: [ourPosition(-1)],
    },
    orders: [their({ ...complete, side: 'SELL', quantity: 1, filled_quantity: 1 })],
    trades: [trade({ side: 'SELL', quantity: 1 })],
    positions: [theirPosition(-1)],
  },
  'holding-moved-from-positions': {
    ours: { positions: [ourPosition(10, { product: 'CNC' })] },
    positions: [theirPosition(0, { product: 'CNC', average_price: null })],
    holdings: [holding(10)],
  },
  'negative-number-with-space': {},
  'funds-differ': { funds: { net: '98765.43' } },
  'not-ours-broker-squareoff': {
    ours: { positions: [ourPosition(10, { product: 'MIS' })] },
    trades: [trade({ side: 'SELL', product: 'MIS' })],
    positions: [theirPosition(0)],
  },
};

const { path, absent } = shared('cases/reconcile.json');
const cases: Case[] = absent ? [] : JSON.parse(readFileSync(path, 'utf8'));

describe.skipIf(absent)('shared cases of reconciliation', () => {
  it('are all known here', () => {
    const scenarios = cases.filter(({ kind }) => kind === 'scenario').map(({ id }) => id);
    expect(scenarios.sort()).toEqual(Object.keys(SCENARIOS).sort());
  });

  it.each(cases)('$id', (given) => {
    if (given.kind === 'adjusting_price') {
      const side = ({ qty, avg }: Side) => ({ quantity: qty, average_price: avg });
      const price = adjustingPrice(side(given.book), side(given.broker));
      expect(price?.toNumber() ?? null).toBe(given.expected_price);
      return;
    }
    const found = compare(SCENARIOS[given.id] ?? {});
    const classes = found.map((difference) => difference.class).join(' + ');
    expect(classes).toBe(given.class === 'none' ? '' : given.class);
    const isUnanswered = found.some((difference) => difference.class === 'UNANSWERED');
    expect(isUnanswered ? 7 : found.length > 0 ? 6 : 0).toBe(given.exit);
    const isApplied = /^(accept|cancel|book)/.test(given.apply);
    expect(found.some(isRepairable)).toBe(isApplied);
  });
});
