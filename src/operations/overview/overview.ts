import type { UserId } from '../../domain/id.ts';
import type { Instant } from '../../domain/instant.ts';
import type { Rupees } from '../../domain/money.ts';
import type { Undelivered } from '../alerts/undelivered.ts';

/** What traders can be sorted by: the worst first, or by id. */
export const SORTS = ['net', 'drawdown', 'unrealized', 'user'] as const;
export type Sort = (typeof SORTS)[number];

/** The most rows of each kind: what is beyond is counted, and found by a filter. */
export const MOST = {
  traders: 200,
  orders: 100,
  fills: 50,
  notifications: 50,
  halts: 50,
  rules: 100,
  symbols: 500,
} as const;

/** What of the day is read: of one user, of what contains a text (user, symbol, strategy), in which order. */
export interface Choice {
  user: UserId | undefined;
  text: string;
  sort: Sort;
}

/** A trader on the day; rupees, charges below 0, net what is realized less charges, the drawdown and its limit in percent. */
export interface Trader {
  user_id: string;
  realized_pnl: Rupees;
  unrealized_pnl: Rupees;
  charges: Rupees;
  net_pnl: Rupees;
  /** The largest of the running session; null without one. */
  drawdown: number | null;
  drawdown_limit: number | null;
  positions: number;
  working: number;
  in_session: boolean;
  halted: boolean;
  violated: number;
}

/** The trading day as it is now, of those who have something open, working, executed, running, violated or halted. */
export interface Overview {
  /** The clock of the database. */
  at: Instant;
  day: string;
  totals: {
    traders: number;
    in_session: number;
    halts: number;
    violated: number;
    unevaluated: number;
    positions: number;
    working: number;
    realized_pnl: Rupees;
    unrealized_pnl: Rupees;
    charges: Rupees;
    net_pnl: Rupees;
    /** Of the newest 1,000. */
    unread: number;
    critical: number;
  };
  /** The channels by which alerts do not arrive, and how many messages are given up. */
  undelivered: Undelivered;
  ages: {
    oldest_order: Instant | null;
    oldest_mark: Instant | null;
    stale_marks: number;
    synced: { accounts: number; last: Instant | null; problems: number } | null;
  };
  halts: { user_id: string | null; reason: string; halted_by: string; halted_at: Instant }[];
  rules: {
    user_id: string;
    rule_type: string;
    rule_value: number;
    current_value: number;
    is_violated: boolean;
    violation_message: string;
  }[];
  traders: Trader[];
  orders: {
    order_id: string;
    user_id: string;
    symbol: string;
    side: string;
    order_type: string;
    quantity: number;
    filled_quantity: number;
    price: number;
    status: string;
    strategy_id: string | null;
    created_at: Instant;
  }[];
  fills: {
    fill_id: string;
    order_id: string;
    user_id: string;
    symbol: string;
    side: string;
    quantity: number;
    price: number;
    realized_pnl: Rupees;
    strategy_id: string | null;
    executed_at: Instant;
  }[];
  notifications: {
    notification_id: string;
    user_id: string | null;
    alert_level: string;
    title: string;
    message: string;
    created_at: Instant;
  }[];
  /** Of open positions and working orders. */
  symbols: string[];
}

/** How far what stands beside the book is behind it. */
export interface Lags {
  /** Changes that Redis does not show yet, and since when; null where this login may not read it. */
  outbox: { pending: number; oldest: Instant | null } | null;
  /** Audit entries behind the end of the chain of seals; null where this login may not read it. */
  unsealed: { count: number; since: Instant | null } | null;
  replicas: { replica: string; state: string; lag_seconds: number | null }[];
  /** Of the quotes of symbols that are held or ordered; null without Redis. */
  quotes: { symbols: number; found: number; oldest: Instant | null; newest: Instant | null } | null;
}
