import { describe, expect, it } from 'vitest';
import type { OrderId } from '../../../src/domain/id.ts';
import type { Instant } from '../../../src/domain/instant.ts';
import type { OurBook } from '../../../src/domain/reconcile/difference.ts';
import {
  type Books,
  compare,
  fill,
  filled,
  holding,
  inWords,
  NOW,
  our,
  ourPosition,
  their,
  theirPosition,
  trade,
  YESTERDAY,
} from './books.ts';

const complete = { status: 'FILLED', status_text: 'complete', filled_quantity: 10 } as const;
const unsure = { status: 'PENDING', broker_order_id: '' } as const;
const at = (seconds: number) => new Date(Date.parse(NOW) - seconds * 1_000).toISOString() as Instant;
const orders = (...list: ReturnType<typeof our>[]): Partial<OurBook> => ({ orders: list });

/** [what, the books, the differences and their repairs] */
const CASES: [string, Books, string[]][] = [
  ['books that agree', { ours: orders(our()), orders: [their()] }, []],
  ['nothing on both sides', {}, []],
  [
    'an order whose answer was lost, found by its tag',
    { ours: orders(our(unsure)), orders: [their()] },
    ['ORDER_UNACKNOWLEDGED: accept'],
  ],
  [
    'the same, filled meanwhile',
    { ours: orders(our(unsure)), orders: [their(complete)], trades: [trade()] },
    ['ORDER_UNACKNOWLEDGED: accept', 'FILL_MISSING: fill 7'],
  ],
  [
    'the same, rejected meanwhile',
    { ours: orders(our(unsure)), orders: [their({ status: 'REJECTED', status_text: 'rejected' })] },
    ['ORDER_UNACKNOWLEDGED: accept', 'ORDER_STATUS: reject'],
  ],
  ['an order that never went out', { ours: orders(our({ ...unsure, order_tag: null, sent: null })) }, []],
  [
    'an order that a call did not reach',
    { ours: orders(our({ ...unsure, sent: { at: at(300), looks: 0, isOpen: false } })) },
    [],
  ],
  [
    'an order that the broker does not have, looked for once',
    { ours: orders(our({ ...unsure, sent: { at: at(300), looks: 1, isOpen: true } })) },
    ['ORDER_UNKNOWN_AT_BROKER: wait'],
  ],
  [
    'looked for three times within a minute',
    { ours: orders(our({ ...unsure, sent: { at: at(59), looks: 3, isOpen: true } })) },
    ['ORDER_UNKNOWN_AT_BROKER: wait'],
  ],
  [
    'looked for three times in more than a minute',
    { ours: orders(our({ ...unsure, sent: { at: at(60), looks: 3, isOpen: true } })) },
    ['ORDER_UNKNOWN_AT_BROKER: reject'],
  ],
  [
    'an accepted order that the broker does not have',
    { ours: orders(our()) },
    ['ORDER_UNKNOWN_AT_BROKER: never'],
  ],
  [
    'a day order of yesterday',
    { ours: orders(our({ created_at: YESTERDAY, sent: { at: YESTERDAY, looks: 0, isOpen: true } })) },
    ['ORDER_EXPIRED: cancel'],
  ],
  [
    'an order of yesterday that was sent today',
    { ours: orders(our({ created_at: YESTERDAY })) },
    ['ORDER_UNKNOWN_AT_BROKER: never'],
  ],
  [
    'a partially filled order of yesterday',
    {
      ours: orders(
        filled([fill({ quantity: 4, executed_at: YESTERDAY })], { created_at: YESTERDAY, sent: null }),
      ),
    },
    ['ORDER_EXPIRED: cancel'],
  ],
  [
    'a cancelled order',
    { ours: orders(our()), orders: [their({ status: 'CANCELLED', status_text: 'cancelled' })] },
    ['ORDER_STATUS: cancel'],
  ],
  [
    'a rejected order',
    { ours: orders(our()), orders: [their({ status: 'REJECTED', status_text: 'rejected' })] },
    ['ORDER_STATUS: reject'],
  ],
  [
    'a partially filled order that the broker calls rejected',
    {
      ours: orders(filled([fill({ quantity: 4 })])),
      orders: [their({ status: 'REJECTED', status_text: 'rejected', filled_quantity: 4 })],
      trades: [trade({ quantity: 4 })],
    },
    ['ORDER_STATUS: never'],
  ],
  [
    'an order that is cancelled here and open there',
    { ours: orders(our({ status: 'CANCELLED' })), orders: [their()] },
    ['ORDER_STATUS_BACKWARDS: never'],
  ],
  [
    'an order that is rejected here and complete there',
    { ours: orders(our({ status: 'REJECTED' })), orders: [their(complete)], trades: [trade()] },
    ['FILL_MISSING: never', 'ORDER_STATUS_BACKWARDS: never'],
  ],
  [
    'an order that is filled here and cancelled there',
    {
      ours: orders(filled([fill()])),
      orders: [their({ status: 'CANCELLED', status_text: 'cancelled', filled_quantity: 4 })],
      trades: [trade()],
    },
    ['ORDER_STATUS_BACKWARDS: never'],
  ],
  [
    'an order whose last shares were filled after the cancel',
    {
      ours: orders(filled([fill()])),
      orders: [their({ status: 'CANCELLED', status_text: 'cancelled', filled_quantity: 10 })],
      trades: [trade()],
    },
    [],
  ],
  [
    'an order book that is older than the trade book',
    { ours: orders(filled([fill()])), orders: [their()], trades: [trade()] },
    [],
  ],
  [
    'a trade book that is older than the order book',
    { ours: orders(our()), orders: [their(complete)] },
    ['FILL_MISSING: never'],
  ],
  [
    'a word of the broker that nobody knows',
    { ours: orders(our()), orders: [their({ status: null, status_text: 'thinking' })] },
    ['ORDER_STATUS: never'],
  ],
  ['another quantity', { ours: orders(our()), orders: [their({ quantity: 15 })] }, ['ORDER_TERMS: never']],
  ['another price', { ours: orders(our()), orders: [their({ price: 101 })] }, ['ORDER_TERMS: never']],
  ['another side', { ours: orders(our()), orders: [their({ side: 'SELL' })] }, ['ORDER_TERMS: never']],
  [
    'a MARKET order that went out as a protected LIMIT order',
    { ours: orders(our({ order_type: 'MARKET', price: 0 })), orders: [their({ price: 101 })] },
    [],
  ],
  [
    'another trigger',
    {
      ours: orders(our({ order_type: 'STOP_LOSS', trigger_price: 99 })),
      orders: [their({ order_type: 'STOP_LOSS', trigger_price: 98 })],
    },
    ['ORDER_TERMS: never'],
  ],
  [
    'a stop that was triggered',
    { ours: orders(our({ order_type: 'STOP_LOSS', trigger_price: 99 })), orders: [their()] },
    [],
  ],
  [
    'a fill that is not booked',
    { ours: orders(our()), orders: [their(complete)], trades: [trade()] },
    ['FILL_MISSING: fill 7'],
  ],
  [
    'a partial fill, then a cancel',
    {
      ours: orders(filled([fill({ quantity: 4 })])),
      orders: [their({ status: 'CANCELLED', status_text: 'cancelled', filled_quantity: 6 })],
      trades: [trade({ quantity: 4 }), trade({ broker_fill_id: '8', quantity: 2 })],
    },
    ['FILL_MISSING: fill 8', 'ORDER_STATUS: cancel'],
  ],
  [
    'a fill after the cancel',
    {
      ours: orders(our({ status: 'CANCELLED' })),
      orders: [their({ status: 'CANCELLED', status_text: 'cancelled', filled_quantity: 3 })],
      trades: [trade({ quantity: 3 })],
    },
    ['FILL_MISSING: fill 7'],
  ],
  [
    'a fill beyond the quantity',
    {
      ours: orders(filled([fill()])),
      orders: [their({ ...complete, filled_quantity: 13 })],
      trades: [trade(), trade({ broker_fill_id: '8', quantity: 3 })],
    },
    ['FILL_MISSING: fill 8'],
  ],
  [
    'a trade that is shown twice',
    { ours: orders(filled([fill()])), orders: [their(complete)], trades: [trade(), trade()] },
    [],
  ],
  [
    'a trade that is shown twice, with two prices',
    { ours: orders(filled([fill()])), orders: [their(complete)], trades: [trade(), trade({ price: 99 })] },
    ['FILL_DIFFERS: never'],
  ],
  [
    'a fill at another price',
    { ours: orders(filled([fill()])), orders: [their(complete)], trades: [trade({ price: 99.5 })] },
    ['FILL_DIFFERS: never'],
  ],
  [
    'a fill that was taken back here',
    {
      ours: orders(filled([fill({ busted: true })], { status: 'PLACED' })),
      orders: [their(complete)],
      trades: [trade()],
    },
    ['FILL_DIFFERS: never', 'FILL_MISSING: never'],
  ],
  [
    'a fill that the broker does not have, and one that is not booked: nothing goes on top',
    {
      ours: orders(filled([fill({ broker_fill_id: 'x', quantity: 4 })])),
      orders: [their({ filled_quantity: 6, status: 'PARTIALLY_FILLED' })],
      trades: [trade({ quantity: 6 })],
    },
    ['FILL_UNKNOWN_AT_BROKER: never', 'FILL_MISSING: never'],
  ],
  [
    'a fill that was entered without the id of the broker',
    {
      ours: orders(filled([fill({ broker_fill_id: 'fil_01HV0000000000000000000000' })])),
      orders: [their(complete)],
      trades: [trade({ quantity: 4 }), trade({ broker_fill_id: '8', quantity: 6 })],
    },
    [],
  ],
  [
    'a fill of yesterday, which is in no book of today',
    { ours: orders(filled([fill({ executed_at: YESTERDAY })], { created_at: YESTERDAY })) },
    [],
  ],
  [
    'what another program filled',
    {
      ours: orders(our({ filled_quantity: 4, status: 'PARTIALLY_FILLED' })),
      orders: [their(complete)],
      trades: [trade()],
    },
    ['FILL_MISSING: never'],
  ],
  [
    'an order of nobody here',
    { orders: [their({ ...complete, tag: '' })], trades: [trade()] },
    ['ORDER_EXTERNAL: never'],
  ],
  ['a trade of an order that is in no book', { trades: [trade()] }, ['ORDER_EXTERNAL: never']],
  ['an order of nobody here that was rejected', { orders: [their({ status: 'REJECTED', tag: '' })] }, []],
  [
    'a second order with a tag of ours',
    { ours: orders(our()), orders: [their(), their({ broker_order_id: '2' })] },
    ['ORDER_EXTERNAL: never'],
  ],
  [
    'an order of nobody here whose trades came with a file',
    {
      ours: orders(filled([fill()], { order_id: 'ord_9' as OrderId, broker_order_id: '', order_tag: null })),
      orders: [their({ ...complete, tag: '' })],
      trades: [trade()],
    },
    // What came with the file is the execution that the trade book has.
    [],
  ],
  [
    'no order book',
    { ours: orders(our(), our(unsure)), orders: 'HTTP 403', trades: [trade({ broker_order_id: '9' })] },
    ['UNANSWERED: never'],
  ],
  [
    'no order book, and a trade of an order with an id',
    { ours: orders(our()), orders: 'HTTP 403', trades: [trade()] },
    ['UNANSWERED: never', 'FILL_MISSING: fill 7'],
  ],
  [
    'no trade book',
    { ours: orders(filled([fill()])), orders: [their(complete)], trades: 'HTTP 403' },
    ['UNANSWERED: never'],
  ],
  ['no positions', { ours: { positions: [ourPosition(10)] }, positions: 'HTTP 403' }, ['UNANSWERED: never']],
  [
    'no holdings: only delivery is left out',
    {
      ours: { positions: [ourPosition(10, { product: 'CNC' }), ourPosition(5, { product: 'MIS' })] },
      holdings: 'HTTP 403',
    },
    ['UNANSWERED: never', 'POSITION_QUANTITY: never'],
  ],
  [
    'a position that nothing explains',
    { ours: { positions: [ourPosition(-75)] }, positions: [theirPosition(-65)] },
    ['POSITION_QUANTITY: never'],
  ],
  ['a position that only the broker has', { positions: [theirPosition(7)] }, ['POSITION_QUANTITY: never']],
  [
    'strategies that share a position',
    { ours: { positions: [ourPosition(4), ourPosition(6)] }, positions: [theirPosition(10)] },
    [],
  ],
  [
    'the same shares in another product',
    { ours: { positions: [ourPosition(10, { product: 'CNC' })] }, positions: [theirPosition(10)] },
    ['POSITION_QUANTITY: never', 'POSITION_QUANTITY: never'],
  ],
  [
    'bought today and in the depository',
    {
      ours: { positions: [ourPosition(15, { product: 'CNC' })] },
      positions: [theirPosition(5, { product: 'CNC' })],
      holdings: [holding(10)],
    },
    [],
  ],
  [
    'an average within 0.01 %',
    { ours: { positions: [ourPosition(10)] }, positions: [theirPosition(10, { average_price: 100.009 })] },
    [],
  ],
  [
    'another average',
    { ours: { positions: [ourPosition(10)] }, positions: [theirPosition(10, { average_price: 100.02 })] },
    ['POSITION_AVERAGE: never'],
  ],
  [
    'a split overnight',
    {
      ours: { positions: [ourPosition(10, { product: 'CNC' })] },
      holdings: [holding(50, { average_price: 20 })],
    },
    ['POSITION_RATIO: never'],
  ],
  [
    'a position that a missing fill explains',
    {
      ours: { ...orders(our()), positions: [] },
      orders: [their(complete)],
      trades: [trade()],
      positions: [theirPosition(10)],
    },
    ['FILL_MISSING: fill 7'],
  ],
  [
    'a position that the broker closed',
    {
      ours: { positions: [ourPosition(10, { product: 'MIS' })] },
      trades: [trade({ side: 'SELL', product: 'MIS' })],
    },
    ['ORDER_EXTERNAL: never'],
  ],
  [
    'pledged shares',
    { ours: { positions: [ourPosition(10)] }, holdings: [holding(10, { pledged: 4 })] },
    ['HOLDING_PLEDGED: never'],
  ],
  ['funds that agree', { funds: { net: '100000' } }, []],
  ['funds of which some are utilised', { funds: { net: '60000', utilised: '40000' } }, []],
  ['other funds', { funds: { net: '98765.43' } }, ['FUNDS: never']],
  ['no funds', { funds: 'HTTP 403' }, ['UNANSWERED: never']],
];

describe('book and broker', () => {
  it.each(CASES)('%s', (_, books, expected) => {
    expect(compare(books).map(inWords)).toEqual(expected);
  });

  it('says how much an execution exceeds the order by', () => {
    const [difference] = compare({
      ours: orders(filled([fill({ quantity: 8 })])),
      orders: [their({ ...complete, filled_quantity: 13 })],
      trades: [trade({ quantity: 8 }), trade({ broker_fill_id: '8', quantity: 5 })],
    });
    expect(difference).toMatchObject({
      severity: 'CRITICAL',
      difference: '5',
      suggestion: 'book execution 8, which exceeds the order by 3',
    });
  });

  it('dates an execution of a clock that is behind at its order', () => {
    const [difference] = compare({
      ours: orders(our()),
      orders: [their(complete)],
      trades: [trade({ executed_at: YESTERDAY })],
    });
    expect(difference?.repair).toMatchObject({ executed_at: our().created_at });
  });

  it('compares orders alone, if only they are asked for', () => {
    expect(compare({ positions: [theirPosition(7)], scopes: ['orders'] })).toEqual([]);
  });
});
