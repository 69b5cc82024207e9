import type { BrokerHolding, BrokerOrder, BrokerPosition, BrokerTrade } from '../../../src/domain/broker.ts';
import type { OrderId } from '../../../src/domain/id.ts';
import type { Instant } from '../../../src/domain/instant.ts';
import type { Rupees } from '../../../src/domain/money.ts';
import { compareBooks, type Scope } from '../../../src/domain/reconcile/compare-books.ts';
import {
  type Difference,
  isRepairable,
  type OurBook,
  type OurFill,
  type OurOrder,
  type OurPosition,
  type TheirBooks,
} from '../../../src/domain/reconcile/difference.ts';
import type { TradingSymbol } from '../../../src/domain/symbol.ts';

export const NOW = '2026-01-30T06:00:00.000000Z' as Instant;
export const TODAY = '2026-01-30T04:00:00.000000Z' as Instant;
export const YESTERDAY = '2026-01-29T04:00:00.000000Z' as Instant;
export const CLOCK = {
  now: NOW,
  dayStart: '2026-01-29T18:30:00.000000Z' as Instant,
  dateOf: (at: Instant) => at.slice(0, 10),
};
const SBIN = 'SBIN' as TradingSymbol;

/** A placed order of today to buy 10 SBIN at 100. */
export const our = (parts: Partial<OurOrder> = {}): OurOrder => ({
  order_id: 'ord_1' as OrderId,
  strategy_id: null,
  symbol: SBIN,
  side: 'BUY',
  order_type: 'LIMIT',
  product: null,
  quantity: 10,
  price: 100,
  trigger_price: null,
  filled_quantity: 0,
  status: 'PLACED',
  broker_order_id: '1',
  order_tag: 'T1',
  origin: null,
  created_at: TODAY,
  sent: { at: TODAY, looks: 0, isOpen: true },
  fills: [],
  ...parts,
});

export const fill = (parts: Partial<OurFill> = {}): OurFill => ({
  broker_fill_id: '7',
  quantity: 10,
  price: 100,
  executed_at: TODAY,
  adopted: false,
  busted: false,
  ...parts,
});

/** The same, filled with these. */
export const filled = (fills: OurFill[], parts: Partial<OurOrder> = {}): OurOrder => {
  const filled_quantity = fills.reduce((sum, { quantity, busted }) => sum + (busted ? 0 : quantity), 0);
  return our({
    fills,
    filled_quantity,
    status: filled_quantity < 10 ? 'PARTIALLY_FILLED' : 'FILLED',
    ...parts,
  });
};

/** The same order in the book of the broker, open. */
export const their = (parts: Partial<BrokerOrder> = {}): BrokerOrder => ({
  broker_order_id: '1',
  tag: 'T1',
  symbol: SBIN,
  exchange: 'NSE',
  side: 'BUY',
  order_type: 'LIMIT',
  product: null,
  variety: 'NORMAL',
  quantity: 10,
  price: 100,
  trigger_price: null,
  filled_quantity: 0,
  average_price: 0,
  status: 'PLACED',
  status_text: 'open',
  text: '',
  updated_at: TODAY,
  ...parts,
});

export const trade = (parts: Partial<BrokerTrade> = {}): BrokerTrade => ({
  broker_order_id: '1',
  broker_fill_id: '7',
  symbol: SBIN,
  exchange: 'NSE',
  side: 'BUY',
  product: null,
  quantity: 10,
  price: 100,
  executed_at: TODAY,
  ...parts,
});

export const ourPosition = (quantity: number, parts: Partial<OurPosition> = {}): OurPosition => ({
  symbol: SBIN,
  product: null,
  strategy_id: null,
  quantity,
  average_price: 100,
  ...parts,
});

export const theirPosition = (quantity: number, parts: Partial<BrokerPosition> = {}): BrokerPosition => ({
  symbol: SBIN,
  exchange: 'NSE',
  product: 'MIS',
  quantity,
  average_price: 100,
  ...parts,
});

export const holding = (quantity: number, parts: Partial<BrokerHolding> = {}): BrokerHolding => ({
  symbol: SBIN,
  exchange: 'NSE',
  isin: 'INE062A01020',
  quantity,
  pledged: 0,
  average_price: 100,
  ...parts,
});

/** What both sides have; what is left out is empty. Positions are compared where any are named. */
export interface Books {
  ours?: Partial<OurBook>;
  orders?: BrokerOrder[] | string;
  trades?: BrokerTrade[] | string;
  positions?: BrokerPosition[] | string;
  holdings?: BrokerHolding[] | string;
  funds?: { net: string; utilised?: string } | string;
  scopes?: Scope[];
}

/** A text stands for a book that did not come. */
const answer = <T>(value: T[] | string | undefined) =>
  typeof value === 'string' ? { failed: value } : { rows: value ?? [] };

export function compare({ ours, orders, trades, positions, holdings, funds, scopes }: Books): Difference[] {
  const books: TheirBooks = { orders: answer(orders), trades: answer(trades) };
  books.positions = answer(positions);
  books.holdings = answer(holdings);
  if (typeof funds === 'string') books.funds = { failed: funds };
  else if (funds)
    books.funds = {
      rows: { available_cash: null, collateral: null, utilised: null, ...funds },
    };
  const isAboutPositions = [ours?.positions, positions, holdings].some((side) => side !== undefined);
  const book: OurBook = { orders: [], positions: [], capital: '100000.00' as Rupees, ...ours };
  return compareBooks(
    book,
    books,
    CLOCK,
    scopes ?? (isAboutPositions ? ['orders', 'positions', 'funds'] : ['orders', 'funds']),
  );
}

/** A difference in a line: its class, and the repair that may be made or `never`. */
export const inWords = (difference: Difference): string => {
  const { repair } = difference;
  if (repair === null) return `${difference.class}: never`;
  const what = repair.kind === 'fill' ? `fill ${repair.broker_fill_id}` : repair.kind;
  return `${difference.class}: ${isRepairable(difference) ? what : 'wait'}`;
};
