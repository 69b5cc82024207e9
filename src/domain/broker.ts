import type { OrderSide, OrderStatus, OrderType, Product } from './enums.ts';
import type { Instant } from './instant.ts';
import type { TradingSymbol } from './symbol.ts';

export const BROKER_KINDS = ['paper', 'angelone', 'file'] as const;
export type BrokerKind = (typeof BROKER_KINDS)[number];

/** What is traded, in our words and in those of the broker. */
export interface BrokerInstrument {
  symbol: TradingSymbol;
  /** NSE, BSE, NFO … */
  exchange: string;
  /** The symbol with its series: SBIN-EQ. */
  tradingSymbol: string;
  /** The number of the instrument at the broker; unique within an exchange. '' where no instrument master names it. */
  token: string;
}

/** The terms of an order as they go to a broker. Prices in rupees per share. */
export interface OrderTerms extends BrokerInstrument {
  /** At most 20 characters; what an order is found by whose answer was lost. */
  tag: string;
  side: OrderSide;
  order_type: OrderType;
  product: Product;
  quantity: number;
  /** The limit; of a STOP_LOSS order, 0 for one that becomes a MARKET order. */
  price: number;
  trigger_price: number | null;
}

/** An order of the book of the broker. Prices in rupees per share. */
export interface BrokerOrder {
  broker_order_id: string;
  /** '' where nobody gave one. */
  tag: string;
  symbol: TradingSymbol;
  exchange: string;
  side: OrderSide;
  order_type: OrderType;
  product: Product | null;
  /** What modifying and cancelling need to name again; the words of the broker. */
  variety: string;
  quantity: number;
  price: number;
  trigger_price: number | null;
  filled_quantity: number;
  average_price: number;
  /** Ours; null where the broker uses a word that nobody knows. */
  status: OrderStatus | null;
  /** As the broker writes it. */
  status_text: string;
  /** Why it was rejected, and other remarks of the broker. */
  text: string;
  updated_at: Instant | null;
}

/** Whether an order ended at the broker without an execution: it moved nothing. */
export const endedUnfilled = ({ status, filled_quantity }: BrokerOrder): boolean =>
  (status === 'REJECTED' || status === 'CANCELLED') && filled_quantity === 0;

/** An execution of the trade book of the broker. */
export interface BrokerTrade {
  broker_order_id: string;
  broker_fill_id: string;
  symbol: TradingSymbol;
  exchange: string;
  side: OrderSide;
  product: Product | null;
  quantity: number;
  price: number;
  executed_at: Instant;
}

/** A net position of today at the broker. */
export interface BrokerPosition {
  symbol: TradingSymbol;
  exchange: string;
  product: Product | null;
  /** Signed shares. */
  quantity: number;
  /** Rupees per share; null where the broker says none. */
  average_price: number | null;
}

/** Shares that were delivered, or are on their way. */
export interface BrokerHolding {
  symbol: TradingSymbol;
  exchange: string;
  isin: string;
  /** With those that arrive tomorrow. */
  quantity: number;
  /** Of them, pledged as collateral. */
  pledged: number;
  average_price: number | null;
}

/** Rupees, as decimal text. */
export interface BrokerFunds {
  /** What is free to trade with. */
  net: string;
  available_cash: string | null;
  collateral: string | null;
  utilised: string | null;
}

/** What became of a call that changes an order. */
export type BrokerAnswer = {
  http_status: number | null;
  /** The answer as it came, without secrets, cut at 64 KiB. */
  answer: string;
} & (
  | { outcome: 'accepted'; broker_order_id: string }
  /** Refused for good; `reason` is for people. */
  | { outcome: 'refused'; reason: string }
  /** Nobody knows whether the order is there: it must be looked for, and not be sent again. */
  | { outcome: 'unknown'; reason: string }
  /** It never went out: it may be sent again. */
  | { outcome: 'unsent'; reason: string }
);

/** An order that is at the broker, as modifying and cancelling name it. */
export type PlacedOrder = OrderTerms & { broker_order_id: string; variety: string };

/**
 * A broker for one trader, logged in. Reads throw BROKER_UNREACHABLE (exit 7) where it does not answer, BROKER_SESSION
 * where the login is refused, BROKER_REFUSED for everything else it says; an empty book is no failure. Calls that change
 * an order never throw for what the broker or the network does.
 */
export interface Broker {
  kind: BrokerKind;
  orders: () => Promise<BrokerOrder[]>;
  trades: () => Promise<BrokerTrade[]>;
  positions: () => Promise<BrokerPosition[]>;
  holdings: () => Promise<BrokerHolding[]>;
  funds: () => Promise<BrokerFunds>;
  /**
   * Logs in and waits until an order may be changed, before the journal says that one is. Throws what logging in and the limits
   * throw.
   */
  ready: () => Promise<void>;
  place: (terms: OrderTerms) => Promise<BrokerAnswer>;
  modify: (order: PlacedOrder) => Promise<BrokerAnswer>;
  cancel: (order: PlacedOrder) => Promise<BrokerAnswer>;
}
