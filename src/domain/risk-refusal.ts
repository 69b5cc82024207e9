import type { RuleType } from './enums.ts';
import { formatRupees, toPaisa } from './money.ts';
import type { ProposedOrder, RuleResult } from './risk-rules.ts';

type Refused = Pick<ProposedOrder, 'user_id' | 'symbol' | 'side' | 'order_type' | 'quantity' | 'price'>;

/** What was refused, for whom, and by which limits, in rupees: sentences for a person. Rules without a value say what they lack. */
export function describeRefusal(order: Refused, broken: readonly RuleResult[]): string {
  const { user_id, side, quantity, symbol, order_type, price } = order;
  const at = price > 0 ? ` at ${rupees(price)}` : '';
  const reasons = broken.flatMap(({ rule_type, limit, current, projected }) =>
    current === null || projected === null ? [] : [REASONS[rule_type]({ limit, current, projected })],
  );
  return [`Refused for ${user_id}: ${side} ${quantity} ${symbol} ${order_type}${at}.`, ...reasons].join(' ');
}

interface Measured {
  limit: number;
  current: number;
  /** With the order. */
  projected: number;
}

const REASONS: Readonly<Record<RuleType, (measured: Measured) => string>> = {
  MAX_POSITION_SIZE: ({ limit, projected }) =>
    `The position would be worth ${rupees(projected)}, above ${rupees(limit)}.`,
  MAX_DRAWDOWN: ({ limit, current }) =>
    `The drawdown is ${percent(current)}, and may not reach ${percent(limit)}.`,
  MAX_DAILY_LOSS: ({ limit, current }) =>
    `The loss of today is ${rupees(current)}, and may not reach ${rupees(limit)}.`,
  MAX_ORDERS_PER_DAY: ({ limit, current }) => `${current} orders were placed today, of at most ${limit}.`,
  MIN_CAPITAL_THRESHOLD: ({ limit, current }) =>
    `The capital is worth ${rupees(current)}, below ${rupees(limit)}.`,
};

const rupees = (amount: number) => formatRupees(toPaisa(amount));
const percent = (value: number) => `${value.toFixed(2)} %`;
