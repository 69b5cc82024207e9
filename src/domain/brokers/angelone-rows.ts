import { isObject } from '../../util/json.ts';
import { wallClock } from '../../util/time.ts';
import type { BrokerFunds, BrokerHolding, BrokerOrder, BrokerPosition, BrokerTrade } from '../broker.ts';
import type { OrderStatus } from '../enums.ts';
import { type Instant, writtenInstant } from '../instant.ts';
import {
  decimalIn,
  firstIn,
  priceIn,
  productIn,
  type Row,
  readRows,
  rowsOf,
  sharesIn,
  sideIn,
  symbolIn,
  textIn,
  timeIn,
  typeIn,
  VENDOR_ZONE,
} from './angelone-values.ts';

// Books of Angel One in our words. Numbers come as text or as numbers, an empty book as null, times without their zone.

const words = (status: OrderStatus, texts: string) =>
  texts.split(', ').map((text) => [text, status] as const);

/** What the broker's words for the state of an order mean, where its executions say no more. */
const STATUSES: ReadonlyMap<string, OrderStatus> = new Map([
  ...words(
    'PLACED',
    'put order req received, validation pending, open pending, open, trigger pending, modified, modify pending, ' +
      'modify validation pending, not modified, cancel pending, not cancelled, after market order req received, ' +
      'modify after market order req received, amo req received',
  ),
  ...words('FILLED', 'complete'),
  ...words('CANCELLED', 'cancelled, cancelled after market order'),
  ...words('REJECTED', 'rejected'),
]);

/**
 * Our status of an order; null for a word that nobody knows. The broker has no word for a partial fill: of an order that
 * works, the shares filled decide.
 */
export function statusOf(text: string, filled: number, quantity: number, id: string): OrderStatus | null {
  const status = STATUSES.get(text.trim().toLowerCase().replace(/\s+/g, ' ')) ?? null;
  if (status !== 'PLACED') return status;
  if (filled >= quantity && filled > 0) return 'FILLED';
  if (filled > 0) return 'PARTIALLY_FILLED';
  return id === '' ? 'PENDING' : 'PLACED';
}

/** The order book. Throws RangeError that names a row which cannot be read. */
export const readOrderBook = (data: unknown): BrokerOrder[] => readRows(rowsOf(data), readOrder);

function readOrder(row: Row): BrokerOrder {
  const id = textIn(row, 'orderid');
  const quantity = sharesIn(row, 'quantity');
  const filled = sharesIn(row, 'filledshares', 0);
  // The two may differ: of an order that was modified, the other one says what it does now.
  const texts = [textIn(row, 'orderstatus'), textIn(row, 'status')].filter((text) => text !== '');
  const statuses = texts.map((text) => statusOf(text, filled, quantity, id));
  return {
    broker_order_id: id,
    tag: textIn(row, 'ordertag'),
    symbol: symbolIn(row),
    exchange: textIn(row, 'exchange').toUpperCase(),
    side: sideIn(row),
    order_type: typeIn(row),
    product: productIn(row),
    variety: textIn(row, 'variety').toUpperCase(),
    quantity,
    price: priceIn(row, 'price') ?? 0,
    trigger_price: priceIn(row, 'triggerprice'),
    filled_quantity: filled,
    average_price: priceIn(row, 'averageprice') ?? 0,
    status: statuses.find((status) => status !== null) ?? null,
    status_text: texts[0] ?? '',
    text: textIn(row, 'text'),
    updated_at: timeIn(row, 'updatetime', 'exchorderupdatetime', 'exchtime'),
  };
}

/** What dates the executions whose rows have a time of day alone. */
export interface TradeDates {
  /** When orders last changed, by their id at the broker. */
  orders: ReadonlyMap<string, Instant>;
  /** The trading day of the book, such as 2026-01-31. */
  day: string;
}

/**
 * The trade book. A row that repeats another one is left out; one that contradicts another of its id is kept, so that
 * whoever books it finds out. Throws RangeError that names a row which cannot be read.
 */
export function readTradeBook(data: unknown, dates: TradeDates): BrokerTrade[] {
  const trades = readRows(rowsOf(data), (row) => readTrade(row, dates));
  const known = new Set<string>();
  return trades.filter((trade) => {
    const key = JSON.stringify(Object.values(trade));
    return !known.has(key) && known.add(key);
  });
}

function readTrade(row: Row, dates: TradeDates): BrokerTrade {
  const orderId = textIn(row, 'orderid');
  const fillId = textIn(row, 'fillid');
  if (orderId === '') throw new RangeError('orderid is missing');
  if (fillId === '') throw new RangeError('fillid is missing');
  const quantity = sharesIn(row, 'fillsize');
  const price = priceIn(row, 'fillprice');
  if (quantity <= 0) throw new RangeError('fillsize is not a number of shares');
  if (price === null) throw new RangeError('fillprice is missing');
  return {
    broker_order_id: orderId,
    broker_fill_id: fillId,
    symbol: symbolIn(row),
    exchange: textIn(row, 'exchange').toUpperCase(),
    side: sideIn(row),
    product: productIn(row),
    quantity,
    price,
    executed_at: tradedAt(textIn(row, 'filltime'), dates.orders.get(orderId), dates.day),
  };
}

/** The instant of a time of day, dated by its order or else by the day of the book; or of a whole date-time. */
function tradedAt(text: string, order: Instant | undefined, day: string): Instant {
  const date = order === undefined ? day : wallClock(order, VENDOR_ZONE).slice(0, 10);
  const isTimeOfDay = /^\d{1,2}:\d\d(:\d\d(\.\d+)?)?$/.test(text);
  const at = writtenInstant(isTimeOfDay ? `${date} ${text}` : text, VENDOR_ZONE);
  if (at === undefined) throw new RangeError('filltime is not a time');
  return at;
}

/** The net positions of today. Throws RangeError that names a row which cannot be read. */
export const readPositionBook = (data: unknown): BrokerPosition[] =>
  readRows(rowsOf(data), (row) => {
    const quantity = sharesIn(row, 'netqty');
    const opened = quantity < 0 ? priceIn(row, 'sellavgprice') : priceIn(row, 'buyavgprice');
    return {
      symbol: symbolIn(row),
      exchange: textIn(row, 'exchange').toUpperCase(),
      product: productIn(row),
      quantity,
      average_price:
        quantity === 0 ? null : (priceIn(row, 'avgnetprice') ?? priceIn(row, 'netprice') ?? opened),
    };
  });

/**
 * What is delivered or about to be. The broker's quantity has the shares that arrive tomorrow (T+1) in it, or lacks
 * them: the larger sum counts. Throws RangeError that names a row which cannot be read.
 */
export const readDeliveries = (data: unknown): BrokerHolding[] =>
  readRows(rowsOf(data), (row) => ({
    symbol: symbolIn(row),
    exchange: textIn(row, 'exchange').toUpperCase(),
    isin: textIn(row, 'isin'),
    quantity: Math.max(
      sharesIn(row, 'quantity'),
      sharesIn(row, 'realisedquantity', 0) + sharesIn(row, 't1quantity', 0),
    ),
    pledged: sharesIn(row, 'collateralquantity', 0),
    average_price: priceIn(row, 'averageprice'),
  }));

/** The funds. Throws RangeError where the broker does not say what is free. */
export function readFunds(data: unknown): BrokerFunds {
  if (!isObject(data)) throw new RangeError('is not a row of funds');
  const net = decimalIn(data, 'net') ?? decimalIn(data, 'availablecash');
  if (net === undefined) throw new RangeError('net is missing');
  const amount = (field: string) => decimalIn(data, field) ?? null;
  return {
    net,
    available_cash: amount('availablecash'),
    collateral: amount('collateral'),
    utilised: amount('utiliseddebits'),
  };
}

/** Whether rows of a book are of a client other than this one: its code, where rows name one. */
export function otherClientIn(data: unknown, client: string): string | undefined {
  const rows = isObject(data) && !Array.isArray(data['holdings']) ? [data] : rowsOf(data);
  return rows
    .map((row) => firstIn(row, 'clientcode', 'clientid', 'client_code'))
    .find((code) => code !== '' && code.toUpperCase() !== client.toUpperCase());
}

/** The latest time that the rows of an order book name; null for none. */
export function latestTimeIn(data: unknown): Instant | null {
  const times = rowsOf(data).flatMap(
    (row) => timeIn(row, 'updatetime', 'exchorderupdatetime', 'exchtime') ?? [],
  );
  return times.sort().at(-1) ?? null;
}
