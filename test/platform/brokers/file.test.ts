import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OrderTerms, PlacedOrder } from '../../../src/domain/broker.ts';
import { fileBroker } from '../../../src/platform/brokers/file/adapter.ts';

// A Thursday.
const NOW = new Date('2026-11-26T10:00:00+05:30');
const ORDER = {
  variety: 'NORMAL',
  ordertype: 'LIMIT',
  producttype: 'DELIVERY',
  price: 99.5,
  triggerprice: '0',
  quantity: '10',
  tradingsymbol: 'SBIN-EQ',
  transactiontype: 'BUY',
  exchange: 'NSE',
  filledshares: '10',
  averageprice: '99.5',
  orderid: '261126000000001',
  status: 'complete',
  orderstatus: 'complete',
  updatetime: '26-Nov-2026 09:20:00',
  ordertag: 'T1',
};
const TRADE = {
  fillprice: '99.5',
  fillsize: '10',
  fillid: '7',
  orderid: '261126000000001',
  filltime: '09:20:00',
  tradingsymbol: 'SBIN-EQ',
  transactiontype: 'BUY',
  exchange: 'NSE',
  producttype: 'DELIVERY',
};

describe('books that were saved', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pinnacle-books-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const save = async (name: string, content: unknown, at = NOW) => {
    const path = join(folder, name);
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    await utimes(path, at, at);
  };
  const open = (client?: string, now = NOW) => fileBroker({ folder, client, now: () => now });

  it.each([
    ['an answer', { status: true, message: 'SUCCESS', errorcode: '', data: [ORDER] }],
    ['its data', [ORDER]],
    ['text after a byte order mark', `\ufeff${JSON.stringify([ORDER])}`],
  ])('are read from JSON: %s', async (_, content) => {
    await save('orders.json', content);
    await save('trades.json', [TRADE]);
    const broker = open();
    expect(await broker.orders()).toMatchObject([{ symbol: 'SBIN', status: 'FILLED', tag: 'T1' }]);
    expect(await broker.trades()).toMatchObject([
      { price: 99.5, executed_at: '2026-11-26T03:50:00.000000Z' },
    ]);
  });

  it('are read from CSV with the same names', async () => {
    const names = Object.keys(ORDER);
    await save('orders.csv', `${names.join(',')}\r\n${Object.values(ORDER).join(',')}\r\n`);
    await save('funds.csv', 'net,availablecash\n98765.43,98000\n');
    await save(
      'holdings.csv',
      'tradingsymbol,exchange,isin,quantity,averageprice\nSBIN-EQ,NSE,INE062A01020,5,99\n',
    );
    expect(await open().orders()).toMatchObject([{ symbol: 'SBIN', quantity: 10, price: 99.5 }]);
    expect(await open().funds()).toMatchObject({ net: '98765.43', available_cash: '98000' });
    expect(await open().holdings()).toMatchObject([{ symbol: 'SBIN', quantity: 5 }]);
  });

  it.each([
    ['half a JSON', '[{"orderid":"1","quan', 'is not whole JSON'],
    ['nothing', '', 'is not whole JSON'],
    [
      'a failure',
      { success: false, message: 'Invalid Token', errorCode: 'AG8001', data: '' },
      'is a failure of the broker: Invalid Token',
    ],
    ['no list', { a: 1 }, 'is not a list of rows'],
    ['a bad row', [{ ...ORDER, quantity: 'x' }], 'row 1: quantity is not a number'],
    ['another client', [{ ...ORDER, clientcode: 'B2' }], 'is of the client B2, not of A1'],
    [
      'rows of yesterday',
      [{ ...ORDER, updatetime: '25-Nov-2026 15:00:00' }],
      'is of an earlier trading day: its latest row is of 2026-11-25, and the trading day is 2026-11-26',
    ],
  ])('are refused: %s', async (_, content, message) => {
    await save('orders.json', content);
    const refused = await open('A1')
      .orders()
      .catch((error) => error);
    expect(refused).toMatchObject({ code: 'BROKER_BOOK', exit: 5 });
    expect(refused.message).toContain(message);
  });

  it('are of the day on which their file was written, where rows have no date', async () => {
    const yesterday = new Date(NOW.getTime() - 86_400_000);
    for (const name of ['orders', 'trades', 'positions', 'holdings'] as const) {
      await save(`${name}.json`, { status: true, data: null }, yesterday);
      await expect(open()[name]()).rejects.toThrow('its file was written on 2026-11-25');
      await save(`${name}.json`, { status: true, data: null });
      expect(await open()[name]()).toEqual([]);
    }
  });

  it('of a Friday are good until Sunday', async () => {
    const friday = new Date('2026-11-27T15:40:00+05:30');
    await save('orders.json', [{ ...ORDER, updatetime: '27-Nov-2026 15:00:00' }], friday);
    expect(await open('A1', new Date('2026-11-29T12:00:00+05:30')).orders()).toHaveLength(1);
    await expect(open('A1', new Date('2026-11-30T09:00:00+05:30')).orders()).rejects.toThrow(
      'earlier trading day',
    );
  });

  it('are missing, or are no file', async () => {
    await expect(open().orders()).rejects.toMatchObject({ code: 'BROKER_UNREACHABLE' });
    await mkdir(join(folder, 'orders.json'));
    await expect(open().orders()).rejects.toMatchObject({ code: 'BROKER_BOOK' });
  });

  it('take no orders', async () => {
    const answer = { outcome: 'unsent', reason: 'books that were saved take no orders' };
    expect(await open().place({} as OrderTerms)).toMatchObject(answer);
    expect(await open().modify({} as PlacedOrder)).toMatchObject(answer);
    expect(await open().cancel({} as PlacedOrder)).toMatchObject(answer);
  });
});
