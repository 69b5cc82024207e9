import { describe, expect, it } from 'vitest';
import type { OrderTerms } from '../../../src/domain/broker.ts';
import { meaningOf } from '../../../src/domain/brokers/angelone-answer.ts';
import {
  latestTimeIn,
  otherClientIn,
  readDeliveries,
  readFunds,
  readOrderBook,
  readPositionBook,
  readTradeBook,
  statusOf,
} from '../../../src/domain/brokers/angelone-rows.ts';
import { cancelFields, modifyFields, placeFields } from '../../../src/domain/brokers/angelone-terms.ts';
import { decimalIn, numberIn } from '../../../src/domain/brokers/angelone-values.ts';
import type { OrderStatus } from '../../../src/domain/enums.ts';
import type { Instant } from '../../../src/domain/instant.ts';
import { readSymbol } from '../../../src/domain/symbol.ts';

const ORDER = {
  variety: 'NORMAL',
  ordertype: 'LIMIT',
  producttype: 'DELIVERY',
  price: 194.5,
  triggerprice: '0',
  quantity: '10',
  tradingsymbol: 'SBIN-EQ',
  transactiontype: 'BUY',
  exchange: 'NSE',
  symboltoken: null,
  averageprice: '0',
  filledshares: '0',
  unfilledshares: '10',
  orderid: 201_020_000_000_080,
  text: '',
  status: 'open',
  orderstatus: 'open',
  updatetime: '20-Oct-2020 13:10:59',
  ordertag: 'T1',
};
const TRADE = {
  fillprice: '194.50',
  fillsize: '10',
  fillid: '50005750',
  orderid: '201020000000095',
  filltime: '13:27:53',
  tradingsymbol: 'SBIN-EQ',
  transactiontype: 'BUY',
  exchange: 'NSE',
  producttype: 'DELIVERY',
};
const NO_DATES = { orders: new Map<string, Instant>(), day: '2020-10-21' };

describe('numbers of the broker', () => {
  it.each([
    ['- 2235.80', -2235.8],
    ['-2235.80', -2235.8],
    ['1,23,456.50', 123_456.5],
    [' 10 ', 10],
    ['+5', 5],
    ['-0', 0],
    ['7.', 7],
    [12.25, 12.25],
    ['', undefined],
    [null, undefined],
  ])('%j is %j', (value, expected) => {
    expect(numberIn({ n: value }, 'n')).toBe(expected);
  });

  it.each(['abc', '1e5', '0x10', '--1', '1.2.3', 'NaN', '1234567890123456'])('%s is none', (value) => {
    expect(() => numberIn({ n: value }, 'n')).toThrow('n is not a number');
  });

  it('keep every digit as text', () => {
    expect(decimalIn({ n: '- 123456789012.10' }, 'n')).toBe('-123456789012.10');
  });
});

describe('the order book', () => {
  it('is read in our words', () => {
    expect(readOrderBook([ORDER])).toEqual([
      {
        broker_order_id: '201020000000080',
        tag: 'T1',
        symbol: 'SBIN',
        exchange: 'NSE',
        side: 'BUY',
        order_type: 'LIMIT',
        product: 'CNC',
        variety: 'NORMAL',
        quantity: 10,
        price: 194.5,
        trigger_price: null,
        filled_quantity: 0,
        average_price: 0,
        status: 'PLACED',
        status_text: 'open',
        text: '',
        updated_at: '2020-10-20T07:40:59.000000Z',
      },
    ]);
  });

  it.each([null, undefined, '', []])('is empty where the broker says %j', (data) => {
    expect(readOrderBook(data)).toEqual([]);
  });

  it.each([
    ['put order req received', 0, 'PLACED'],
    ['validation pending', 0, 'PLACED'],
    ['open pending', 0, 'PLACED'],
    ['open', 0, 'PLACED'],
    ['open', 4, 'PARTIALLY_FILLED'],
    ['open', 10, 'FILLED'],
    ['trigger pending', 0, 'PLACED'],
    ['modified', 4, 'PARTIALLY_FILLED'],
    ['modify pending', 0, 'PLACED'],
    ['modify validation pending', 0, 'PLACED'],
    ['not modified', 0, 'PLACED'],
    ['cancel pending', 4, 'PARTIALLY_FILLED'],
    ['after market order req received', 0, 'PLACED'],
    ['modify after market order req received', 0, 'PLACED'],
    ['AMO req received', 0, 'PLACED'],
    ['complete', 10, 'FILLED'],
    ['Complete ', 11, 'FILLED'],
    ['cancelled', 4, 'CANCELLED'],
    ['cancelled after market order', 0, 'CANCELLED'],
    ['rejected', 0, 'REJECTED'],
    ['exchange is thinking', 0, null],
    ['', 0, null],
  ] satisfies [string, number, OrderStatus | null][])('%s with %i filled is %s', (text, filled, expected) => {
    expect(statusOf(text, filled, 10, '1')).toBe(expected);
  });

  it('has orders that the broker has not numbered yet', () => {
    expect(
      readOrderBook([{ ...ORDER, orderid: null, status: 'validation pending', orderstatus: '' }]),
    ).toMatchObject([{ broker_order_id: '', status: 'PENDING' }]);
  });

  it('is understood where one of two words is', () => {
    expect(readOrderBook([{ ...ORDER, orderstatus: 'no such word', status: 'modified' }])).toMatchObject([
      { status: 'PLACED', status_text: 'no such word' },
    ]);
    expect(readOrderBook([{ ...ORDER, orderstatus: 'x', status: 'y' }])).toMatchObject([{ status: null }]);
  });

  it.each([
    ['STOPLOSS_MARKET', 'STOP_LOSS'],
    ['STOPLOSS_LIMIT', 'STOP_LOSS'],
    ['MARKET', 'MARKET'],
    ['LIMIT', 'LIMIT'],
  ])('%s is %s', (ordertype, expected) => {
    expect(readOrderBook([{ ...ORDER, ordertype, triggerprice: '190.05' }])).toMatchObject([
      { order_type: expected, trigger_price: 190.05 },
    ]);
  });

  it.each([
    [{ quantity: 'ten' }, 'row 2: quantity is not a number'],
    [{ quantity: '1.5' }, 'row 2: quantity is not a whole number of shares'],
    [{ quantity: '' }, 'row 2: quantity is missing'],
    [{ tradingsymbol: null }, 'row 2: tradingsymbol is not a symbol'],
    [{ transactiontype: 'HOLD' }, 'row 2: transactiontype is neither BUY nor SELL'],
  ])('names the row that it cannot read: %j', (change, message) => {
    expect(() => readOrderBook([ORDER, { ...ORDER, ...change }])).toThrow(message);
  });

  it.each([{}, 'text', 5, [1], [null]])('is no list: %j', (data) => {
    expect(() => readOrderBook(data)).toThrow('is not a list of rows');
  });

  it('names its latest time and other clients', () => {
    expect(latestTimeIn([ORDER, { ...ORDER, updatetime: '19-Oct-2020 09:15:00' }])).toBe(
      '2020-10-20T07:40:59.000000Z',
    );
    expect(latestTimeIn(null)).toBeNull();
    expect(otherClientIn([ORDER, { ...ORDER, clientcode: 'B2' }], 'A1')).toBe('B2');
    expect(otherClientIn([{ ...ORDER, clientcode: 'a1' }], 'A1')).toBeUndefined();
    expect(otherClientIn({ clientcode: 'B2' }, 'A1')).toBe('B2');
  });
});

describe('the trade book', () => {
  it('dates a time of day by its order, else by the day of the book', () => {
    expect(readTradeBook([TRADE], NO_DATES)).toMatchObject([
      { broker_fill_id: '50005750', price: 194.5, executed_at: '2020-10-21T07:57:53.000000Z' },
    ]);
    const orders = new Map([['201020000000095', '2020-10-19T20:40:59.000000Z' as Instant]]);
    expect(readTradeBook([TRADE], { ...NO_DATES, orders })).toMatchObject([
      { executed_at: '2020-10-20T07:57:53.000000Z' },
    ]);
  });

  it('takes a whole date-time, and ids as numbers', () => {
    const row = { ...TRADE, filltime: '20-Oct-2020 13:27:53', fillid: 7, orderid: 201_020_000_000_095 };
    expect(readTradeBook([row], NO_DATES)).toMatchObject([
      { broker_fill_id: '7', broker_order_id: '201020000000095', executed_at: '2020-10-20T07:57:53.000000Z' },
    ]);
  });

  it('has each execution once, and both rows of a contradiction', () => {
    const rows = [TRADE, { ...TRADE }, { ...TRADE, fillsize: '11' }];
    expect(readTradeBook(rows, NO_DATES).map(({ quantity }) => quantity)).toEqual([10, 11]);
  });

  it.each([
    [{ fillid: '' }, 'fillid is missing'],
    [{ orderid: null }, 'orderid is missing'],
    [{ fillsize: '0' }, 'fillsize is not a number of shares'],
    [{ fillprice: '0' }, 'fillprice is missing'],
    [{ filltime: 'noon' }, 'filltime is not a time'],
    [{ filltime: '25:00:00' }, 'filltime is not a time'],
  ])('names what is wrong: %j', (change, message) => {
    expect(() => readTradeBook([{ ...TRADE, ...change }], NO_DATES)).toThrow(`row 1: ${message}`);
  });
});

describe('positions, holdings and funds', () => {
  const POSITION = {
    tradingsymbol: 'SBIN-EQ',
    exchange: 'NSE',
    producttype: 'INTRADAY',
    netqty: '-5',
    buyavgprice: '0.00',
    sellavgprice: '447.16',
    avgnetprice: '0',
    netvalue: '- 2235.80',
  };

  it('a position has a sign and an average price', () => {
    expect(readPositionBook([POSITION])).toEqual([
      { symbol: 'SBIN', exchange: 'NSE', product: 'MIS', quantity: -5, average_price: 447.16 },
    ]);
    expect(readPositionBook([{ ...POSITION, netqty: 5, avgnetprice: '- 440.10' }])).toMatchObject([
      { quantity: 5, average_price: 440.1 },
    ]);
    expect(readPositionBook([{ ...POSITION, netqty: '0', producttype: 'BO' }])).toMatchObject([
      { quantity: 0, average_price: null, product: null },
    ]);
  });

  it.each([
    [{ quantity: 10, t1quantity: 10 }, 10],
    [{ quantity: 0, t1quantity: '10' }, 10],
    [{ quantity: '5', t1quantity: 10, realisedquantity: 5 }, 15],
    [{ quantity: '2', t1quantity: null, realisedquantity: '2' }, 2],
  ])('shares that arrive tomorrow count once: %j', (row, expected) => {
    const all = {
      tradingsymbol: 'TATASTEEL-EQ',
      exchange: 'NSE',
      isin: 'INE081A01020',
      averageprice: 111.87,
      collateralquantity: null,
    };
    const wanted = [
      { symbol: 'TATASTEEL', quantity: expected, pledged: 0, average_price: 111.87, isin: 'INE081A01020' },
    ];
    expect(readDeliveries([{ ...all, ...row }])).toMatchObject(wanted);
    expect(readDeliveries({ holdings: [{ ...all, ...row }], totalholding: {} })).toMatchObject(wanted);
  });

  it('funds are decimal text, and null where nothing is said', () => {
    expect(readFunds({ net: '98765.43', availablecash: '- 1.50', utiliseddebits: null })).toEqual({
      net: '98765.43',
      available_cash: '-1.50',
      collateral: null,
      utilised: null,
    });
    expect(readFunds({ net: null, availablecash: 5 })).toMatchObject({ net: '5' });
    expect(() => readFunds({})).toThrow('net is missing');
    expect(() => readFunds(null)).toThrow('is not a row of funds');
  });
});

describe('what an order becomes', () => {
  const terms = (change: Partial<OrderTerms>): OrderTerms => ({
    symbol: readSymbol('SBIN') as OrderTerms['symbol'],
    exchange: 'NSE',
    tradingSymbol: 'SBIN-EQ',
    token: '3045',
    tag: 'TAG1',
    side: 'BUY',
    order_type: 'LIMIT',
    product: 'CNC',
    quantity: 10,
    price: 194.5,
    trigger_price: null,
    ...change,
  });

  it.each([
    [{ order_type: 'LIMIT' }, { variety: 'NORMAL', ordertype: 'LIMIT', price: '194.5', triggerprice: '0' }],
    [{ order_type: 'MARKET' }, { variety: 'NORMAL', ordertype: 'MARKET', price: '0', triggerprice: '0' }],
    [
      { order_type: 'STOP_LOSS', trigger_price: 190 },
      { variety: 'STOPLOSS', ordertype: 'STOPLOSS_LIMIT', price: '194.5', triggerprice: '190' },
    ],
    [
      { order_type: 'STOP_LOSS', price: 0, trigger_price: 190.05 },
      { variety: 'STOPLOSS', ordertype: 'STOPLOSS_MARKET', price: '0', triggerprice: '190.05' },
    ],
    [{ product: 'MIS' }, { producttype: 'INTRADAY' }],
    [{ product: 'NRML' }, { producttype: 'CARRYFORWARD' }],
    [{ product: 'MTF' }, { producttype: 'MARGIN' }],
    [{ product: 'CNC' }, { producttype: 'DELIVERY', ordertag: 'TAG1', symboltoken: '3045', quantity: '10' }],
  ] satisfies [Partial<OrderTerms>, object][])('%j', (change, expected) => {
    const fields = placeFields(terms(change));
    expect(fields).toMatchObject(expected);
    expect(Object.values(fields).every((value) => typeof value === 'string')).toBe(true);
  });

  it('is changed and cancelled under the variety that it was placed with', () => {
    const placed = { ...terms({}), broker_order_id: '42', variety: 'AMO' };
    expect(modifyFields(placed)).toMatchObject({
      variety: 'AMO',
      orderid: '42',
      tradingsymbol: 'SBIN-EQ',
      quantity: '10',
    });
    expect(cancelFields(placed)).toEqual({ variety: 'AMO', orderid: '42' });
    expect(cancelFields({ ...placed, variety: '', order_type: 'STOP_LOSS' })['variety']).toBe('STOPLOSS');
  });
});

describe('what an answer means', () => {
  const ok = '{"status":true,"message":"SUCCESS","errorcode":"","data":{"orderid":"1"}}';
  it.each([
    [200, ok, 'done'],
    [200, '{"status":"true","data":null}', 'done'],
    [200, '{"success":true,"data":""}', 'done'],
    [200, '{"success":false,"message":"Invalid Token","errorCode":"AG8001","data":""}', 'session'],
    [401, '{"status":false,"message":"x","errorcode":"AB1010","data":null}', 'session'],
    [200, '{"status":false,"message":"Symbol not found","errorcode":"AB1009","data":null}', 'refused'],
    [400, '{"status":false,"message":"x","errorcode":"AB4036","data":null}', 'refused'],
    [200, '{"status":false,"message":"x","errorcode":"AB1004","data":null}', 'again'],
    [200, '{"status":false,"message":"x","errorcode":"AB2001","data":null}', 'again'],
    [200, '{"status":false,"message":"x","errorcode":"AB2000","data":null}', 'unclear'],
    [200, '{"status":false,"message":"x","data":null}', 'unclear'],
    [200, '{"message":"no status"}', 'unclear'],
    [403, 'Access denied because of exceeding access rate', 'again'],
    [429, 'slow down', 'again'],
    [502, '<html>Bad Gateway</html>', 'unclear'],
    [500, '{"status":false,"errorcode":"AB1009"}', 'unclear'],
    [302, '', 'unclear'],
    [200, '', 'unclear'],
    [200, ok.slice(0, 30), 'unclear'],
    [200, '[]', 'unclear'],
  ])('%i %s is %s', (http, body, kind) => {
    expect(meaningOf(http, body).kind).toBe(kind);
  });
});
