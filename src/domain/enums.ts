export const ORDER_SIDES = ['BUY', 'SELL'] as const;
export type OrderSide = (typeof ORDER_SIDES)[number];
export const ORDER_TYPES = ['MARKET', 'LIMIT', 'STOP_LOSS'] as const;
export type OrderType = (typeof ORDER_TYPES)[number];
export const ORDER_STATUSES = [
  'PENDING',
  'PLACED',
  'FILLED',
  'PARTIALLY_FILLED',
  'REJECTED',
  'CANCELLED',
] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];
/** The statuses in which an order may still be filled. */
export const WORKING_STATUSES = ['PENDING', 'PLACED', 'PARTIALLY_FILLED'] as const satisfies OrderStatus[];
export const isWorking = (status: string): boolean =>
  (WORKING_STATUSES as readonly string[]).includes(status);
export const STRATEGY_STATUSES = ['ACTIVE', 'PAUSED', 'STOPPED'] as const;
export type StrategyStatus = (typeof STRATEGY_STATUSES)[number];
export const POSITION_SIDES = ['LONG', 'SHORT'] as const;
export type PositionSide = (typeof POSITION_SIDES)[number];
export const POSITION_STATUSES = ['OPEN', 'CLOSED'] as const;
export type PositionStatus = (typeof POSITION_STATUSES)[number];
export const NOTIFICATION_TYPES = [
  'ORDER_FILLED',
  'ORDER_REJECTED',
  'SERVICE_DOWN',
  'SERVICE_RESTORED',
  'SYSTEM_ERROR',
  'STRATEGY_SIGNAL',
  'RISK_ALERT',
] as const;
export type NotificationType = (typeof NOTIFICATION_TYPES)[number];
export const ALERT_LEVELS = ['INFO', 'WARNING', 'ERROR', 'CRITICAL'] as const;

export type AlertLevel = (typeof ALERT_LEVELS)[number];
export const SESSION_STATUSES = ['ACTIVE', 'COMPLETED'] as const;
export type SessionStatus = (typeof SESSION_STATUSES)[number];
export const RULE_TYPES = [
  'MAX_POSITION_SIZE',
  'MAX_DRAWDOWN',
  'MAX_DAILY_LOSS',
  'MAX_ORDERS_PER_DAY',
  'MIN_CAPITAL_THRESHOLD',
] as const;
export type RuleType = (typeof RULE_TYPES)[number];
/** How a broker carries a position: delivery, intraday, derivatives carried forward, margin funded delivery. */
export const PRODUCTS = ['CNC', 'MIS', 'NRML', 'MTF'] as const;
export type Product = (typeof PRODUCTS)[number];
/** Where an order is from that no program of ours placed. */
export type OrderOrigin = 'external' | 'adjust';
