import type { BrokerFunds, BrokerHolding, BrokerOrder, BrokerPosition, BrokerTrade } from '../broker.ts';
import type { AlertLevel, OrderOrigin, OrderSide, OrderStatus, OrderType, Product } from '../enums.ts';
import type { OrderId, StrategyId } from '../id.ts';
import type { Instant } from '../instant.ts';
import type { Rupees } from '../money.ts';
import type { TradingSymbol } from '../symbol.ts';

/** What a book of ours and one of the broker may disagree about; docs/reconcile.md says what each means. */
export const DIFFERENCE_CLASSES = [
  'ORDER_UNACKNOWLEDGED',
  'ORDER_UNKNOWN_AT_BROKER',
  'ORDER_EXPIRED',
  'ORDER_STATUS',
  'ORDER_STATUS_BACKWARDS',
  'ORDER_TERMS',
  'ORDER_EXTERNAL',
  'FILL_MISSING',
  'FILL_DIFFERS',
  'FILL_UNKNOWN_AT_BROKER',
  'POSITION_QUANTITY',
  'POSITION_AVERAGE',
  'POSITION_RATIO',
  'HOLDING_PLEDGED',
  'FUNDS',
  'UNANSWERED',
] as const;
export type DifferenceClass = (typeof DIFFERENCE_CLASSES)[number];

/** The classes that are repaired on demand, in the order in which their repairs are made. */
export const REPAIRABLE_CLASSES = [
  'ORDER_UNACKNOWLEDGED',
  'FILL_MISSING',
  'ORDER_STATUS',
  'ORDER_EXPIRED',
  'ORDER_UNKNOWN_AT_BROKER',
] as const satisfies DifferenceClass[];

/** Why the other classes are never repaired by themselves, as sentences. */
export const NEVER_REPAIRED: Readonly<
  Record<Exclude<DifferenceClass, (typeof REPAIRABLE_CLASSES)[number]>, string>
> = {
  ORDER_STATUS_BACKWARDS:
    'An order that has ended here and works at the broker is decided by a person: cancel it at the broker, or retry it here.',
  ORDER_TERMS: 'Which terms are the right ones is decided by a person, who amends the order.',
  ORDER_EXTERNAL: 'An order that nobody placed here is taken over by name: reconcile adopt --order.',
  FILL_DIFFERS: 'Which of two executions under one id is the right one is decided by a person: fill correct.',
  FILL_UNKNOWN_AT_BROKER: 'An execution that the broker does not know is taken back by a person: fill bust.',
  POSITION_QUANTITY: 'A position that nothing explains is taken over by name: reconcile adopt --position.',
  POSITION_AVERAGE: 'The average price follows from the executions.',
  POSITION_RATIO: 'A split or a bonus is booked as what it is, not as an execution.',
  HOLDING_PLEDGED: 'Pledged shares are a fact of the broker.',
  FUNDS: 'The capital is that of the ledger.',
  UNANSWERED: 'Nothing is concluded from an answer that did not come.',
};

/** What makes a difference go away. */
export type Repair =
  | { kind: 'accept'; order_id: OrderId; broker_order_id: string }
  /** Rupees per share. */
  | {
      kind: 'fill';
      order_id: OrderId;
      broker_fill_id: string;
      quantity: number;
      price: number;
      executed_at: Instant;
    }
  | { kind: 'cancel'; order_id: OrderId; reason: string }
  /** `unsent`: nobody at the broker said so; it does not have the order. */
  | { kind: 'reject'; order_id: OrderId; reason: string; unsent?: true }
  /** The broker does not have the order; it is looked for again before anything is concluded. */
  | { kind: 'look'; order_id: OrderId };

export interface Difference {
  class: DifferenceClass;
  severity: AlertLevel;
  symbol: TradingSymbol | null;
  product: Product | null;
  order_id: OrderId | null;
  broker_order_id: string | null;
  broker_fill_id: string | null;
  /** Null where one side has nothing. */
  ours: string | null;
  theirs: string | null;
  /** Theirs less ours, where that is a number. */
  difference: string | null;
  /** What would repair it, or why nothing does; for people. */
  suggestion: string;
  /** Null where nothing is repaired by itself. */
  repair: Repair | null;
}

/** Whether a repair changes the book, if its class is asked for. */
export const isRepairable = ({ repair }: Pick<Difference, 'repair'>): boolean =>
  repair !== null && repair.kind !== 'look';

/** An execution of an order of ours. Rupees per share. */
export interface OurFill {
  broker_fill_id: string;
  quantity: number;
  price: number;
  executed_at: Instant;
  /** It stands for what another program had filled, and has no id of the broker. */
  adopted: boolean;
  /** It was taken back, and does not count. */
  busted: boolean;
}

/** An order of ours that the broker may know: a working one, or one of today. Rupees per share. */
export interface OurOrder {
  order_id: OrderId;
  strategy_id: StrategyId | null;
  symbol: TradingSymbol;
  side: OrderSide;
  order_type: OrderType;
  product: Product | null;
  quantity: number;
  price: number;
  trigger_price: number | null;
  filled_quantity: number;
  status: OrderStatus;
  /** '' where none is known. */
  broker_order_id: string;
  order_tag: string | null;
  origin: OrderOrigin | null;
  created_at: Instant;
  /** The last placement that went out, if one did; open where nobody knows what became of it. */
  sent: { at: Instant; looks: number; isOpen: boolean } | null;
  fills: readonly OurFill[];
}

/** An open position of ours, of one strategy. Signed shares, rupees per share. */
export interface OurPosition {
  symbol: TradingSymbol;
  product: Product | null;
  strategy_id: StrategyId | null;
  quantity: number;
  average_price: number;
}

export interface OurBook {
  orders: readonly OurOrder[];
  positions: readonly OurPosition[];
  capital: Rupees;
}

/** A book of the broker, or why it did not come: then nothing is concluded from it. */
export type Answer<T> = { rows: T } | { failed: string };

/** The books of the broker that were asked for. */
export interface TheirBooks {
  orders?: Answer<readonly BrokerOrder[]>;
  trades?: Answer<readonly BrokerTrade[]>;
  positions?: Answer<readonly BrokerPosition[]>;
  holdings?: Answer<readonly BrokerHolding[]>;
  funds?: Answer<BrokerFunds>;
}

/** What an answer holds; undefined where it was not asked for, or did not come. */
export const rowsOf = <T>(answer: Answer<T> | undefined): T | undefined =>
  answer && 'rows' in answer ? answer.rows : undefined;

/** The times that a comparison depends on, by the clock of the database. */
export interface ComparisonClock {
  now: Instant;
  /** When the trading day began: the books of a broker are those of one day. */
  dayStart: Instant;
  /** The date that an instant falls on in the trading time zone. */
  dateOf: (at: Instant) => string;
}

const EMPTY = {
  symbol: null,
  product: null,
  order_id: null,
  broker_order_id: null,
  broker_fill_id: null,
  ours: null,
  theirs: null,
  difference: null,
  repair: null,
} as const satisfies Partial<Difference>;

/** A difference whose missing parts are null. */
export const differenceOf = (
  parts: Pick<Difference, 'class' | 'severity' | 'suggestion'> & Partial<Difference>,
): Difference => ({ ...EMPTY, ...parts });
