import type { OrderSide, OrderStatus, Product, StrategyStatus } from './enums.ts';
import type { BookSession } from './equity.ts';
import type { OrderId, PositionId, StrategyId, UserId } from './id.ts';
import type { Instant } from './instant.ts';
import type { Rupees } from './money.ts';
import type { Notice } from './notice.ts';
import type { Position } from './position.ts';
import type { TradingSymbol } from './symbol.ts';

/** An execution to book: shares, rupees per share, UTC. */
export interface Fill {
  order_id: OrderId;
  /** The broker's own id; unique per order and execution. */
  broker_fill_id: string;
  quantity: number;
  price: number;
  executed_at: Instant;
  /** When it is booked: now; for history, when it happened. */
  booked_at: Instant;
  /** The adoption that took it over from another program. */
  adopted?: string;
}

/** What a fill reads and may change of its order. */
export interface BookOrder {
  order_id: OrderId;
  user_id: UserId;
  strategy_id: StrategyId | null;
  symbol: TradingSymbol;
  /** Null where nobody said one, which is a product of its own. */
  product: Product | null;
  side: OrderSide;
  quantity: number;
  filled_quantity: number;
  filled_price: number;
  status: OrderStatus;
  created_at: Instant;
  updated_at: Instant;
}

/** The executions of one user, symbol, strategy and product make its positions. */
export type ChainKey = Pick<BookOrder, 'user_id' | 'symbol' | 'strategy_id' | 'product'>;

export interface BookPosition extends Position {
  position_id: PositionId;
  user_id: UserId;
  strategy_id: StrategyId | null;
  symbol: TradingSymbol;
  product: Product | null;
  order_id: OrderId | null;
  opened_at: Instant;
  closed_at: Instant | null;
  updated_at: Instant;
}

export interface BookedFill extends Fill {
  fill_id: string;
  overfill: boolean;
  position_id: PositionId;
  /** The position that a flip opened. */
  flipped_to: PositionId | null;
  /** Rupees credited to the user's capital. */
  realized_pnl: Rupees;
  /** The running session it counts towards. */
  session_id: string | null;
}

export interface KnownFill extends Pick<Fill, 'quantity' | 'price'> {
  /** It was taken back: it does not count, and is not booked again. */
  busted?: boolean;
}

/** The locked part of the book that fills touch. */
export interface Book {
  orders: Map<OrderId, BookOrder>;
  /** Open positions by `positionKey`. */
  positions: Map<string, BookPosition>;
  /** Since when the latest corporate action of a chain is in force, whether its position is open still or not; by `positionKey`. */
  acted: ReadonlyMap<string, Instant>;
  /** Executions that are already booked, or were taken back, by `fillKey`. */
  known: Map<string, KnownFill>;
  /** The strategies that are not ACTIVE for their user, by `strategyKey`. */
  idle: ReadonlyMap<string, StrategyStatus>;
  /** Running sessions by user. */
  sessions: Map<string, BookSession>;
}

/** The result of booking fills: rows to write, in an order in which they can be written. */
export interface BookingResult {
  fills: BookedFill[];
  orders: BookOrder[];
  /** Closed ones first, because only one position per key may be open. */
  positions: BookPosition[];
  /** Rupees by user. */
  capital: { user_id: UserId; realized: Rupees }[];
  strategies: { user_id: UserId; strategy_id: StrategyId; successful: number; realized: Rupees }[];
  /** The running sessions that the fills count towards, after the fills. */
  sessions: BookSession[];
  notices: Notice[];
  duplicates: number;
}
export const fillKey = (fill: Pick<Fill, 'order_id' | 'broker_fill_id'>) =>
  `${fill.order_id}\n${fill.broker_fill_id}`;
export const strategyKey = (of: Pick<BookOrder, 'user_id' | 'strategy_id'>) =>
  `${of.user_id}\n${of.strategy_id ?? ''}`;
export const positionKey = (of: ChainKey) =>
  `${of.user_id}\n${of.symbol}\n${of.strategy_id ?? ''}\n${of.product ?? ''}`;
