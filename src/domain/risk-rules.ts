import type { AlertLevel, OrderSide, RuleType } from './enums.ts';
import type { UserId } from './id.ts';
import { Decimal, type Rupees } from './money.ts';

/** What a user's rules are measured against before an order, read at one moment. Rupees as decimal text. */
export interface RiskSnapshot {
  /** The limits that are set; facts that only other rules need are not read. */
  limits: Readonly<Partial<Record<RuleType, number>>>;
  /** The value of the open positions in the order's symbol, shorts negative. */
  exposure: string;
  /** The value left to fill in the working orders on the order's side of the symbol, as far as they have a price. */
  working_value: string;
  /** The shares left to fill in those that have none. */
  working_unpriced: number;
  /** The symbol's last mark, rupees per share; null without an open position. */
  mark: number | null;
  /** The mark missing to value the symbol's open positions; null if their marks are fresh. */
  stale_mark: string | null;
  /** The marks missing to value all open positions; null if they are fresh. */
  stale_marks: string | null;
  /** Percent; null without an active session. */
  drawdown: number | null;
  realized_today: Rupees;
  unrealized: Rupees;
  capital: Rupees;
  orders_today: number;
}

/** The order to evaluate; a price of 0 means none. */
export interface ProposedOrder {
  user_id: UserId;
  side: OrderSide;
  quantity: number;
  price: number;
  /** It can only reduce a position. */
  reduces: boolean;
  /** It counts as one more order of the day; false for an order that is already placed. */
  isNew: boolean;
}

/** The result of one rule for an order. Headroom is what the limit leaves before the order. */
export interface RuleResult {
  rule_type: RuleType;
  limit: number;
  current: number | null;
  projected: number | null;
  headroom: number | null;
  verdict: 'ok' | 'violated' | 'cannot evaluate';
  /** One line, as a refusal prints it. */
  message: string;
}

/** Something without which a rule cannot be evaluated. `symbolMarks` are those of the order's symbol, `marks` all. */
export type RiskInput = 'price' | 'session' | 'symbolMarks' | 'marks';

interface RiskRule {
  /** How a value compares with its limit when it violates the rule. */
  violates: '>' | '>=' | '<';
  unit: 'rupees' | 'percent' | 'orders';
  severity: AlertLevel;
  /** In the order in which a missing one is named. */
  needs: readonly RiskInput[];
  /** The orders that pass whatever the rule says. */
  exempts: 'reducing' | 'replacing';
}

/** Every risk rule: before an order it is evaluated here, in `risk check` by SQL that is built from this table. */
export const RISK_RULES: Readonly<Record<RuleType, RiskRule>> = {
  MAX_POSITION_SIZE: {
    violates: '>',
    unit: 'rupees',
    severity: 'WARNING',
    needs: ['price', 'symbolMarks'],
    exempts: 'reducing',
  },
  MAX_DRAWDOWN: {
    violates: '>=',
    unit: 'percent',
    severity: 'CRITICAL',
    needs: ['session', 'marks'],
    exempts: 'reducing',
  },
  MAX_DAILY_LOSS: {
    violates: '>=',
    unit: 'rupees',
    severity: 'CRITICAL',
    needs: ['marks'],
    exempts: 'reducing',
  },
  MAX_ORDERS_PER_DAY: {
    violates: '>',
    unit: 'orders',
    severity: 'WARNING',
    needs: [],
    exempts: 'replacing',
  },
  MIN_CAPITAL_THRESHOLD: {
    violates: '<',
    unit: 'rupees',
    severity: 'CRITICAL',
    needs: ['marks'],
    exempts: 'reducing',
  },
};

export const RISK_RULE_ENTRIES = Object.entries(RISK_RULES) as [RuleType, RiskRule][];

/** The rules that cannot be evaluated without an input. */
export function rulesNeeding(input: RiskInput): RuleType[] {
  return RISK_RULE_ENTRIES.flatMap(([type, { needs }]) => (needs.includes(input) ? [type] : []));
}

/** The messages of a rule, as templates of `formatMessage` and of PostgreSQL's format(). */
export const RISK_MESSAGES = {
  /** Rule type, current value, limit. */
  evaluated: '%s: current=%s limit=%s',
  /** Rule type, missing input. */
  missing: '%s: cannot evaluate without %s',
  /** User. */
  session: 'an active session (pinnacle session start --user %s)',
} as const;

function formatMessage(template: string, ...values: readonly string[]): string {
  let next = 0;
  return template.replaceAll('%s', () => values[next++] ?? '');
}

/** Evaluates every rule that is set, without the order and with it. */
export function evaluateRules(facts: RiskSnapshot, order: ProposedOrder): RuleResult[] {
  return RISK_RULE_ENTRIES.flatMap(([type, rule]) => {
    const limit = facts.limits[type];
    return limit === undefined ? [] : [evaluateRule(type, rule, limit, facts, order)];
  });
}

function evaluateRule(
  rule_type: RuleType,
  { violates, needs, exempts }: RiskRule,
  limit: number,
  facts: RiskSnapshot,
  order: ProposedOrder,
): RuleResult {
  const exempt = exempts === 'reducing' ? order.reduces : !order.isNew;
  const missing = needs.map((input) => MISSING[input](facts, order)).find((text) => text !== null);
  if (missing !== undefined)
    return {
      rule_type,
      limit,
      current: null,
      projected: null,
      headroom: null,
      verdict: exempt ? 'ok' : 'cannot evaluate',
      message: formatMessage(RISK_MESSAGES.missing, rule_type, missing),
    };
  const { current, projected } = METRICS[rule_type](facts, order);
  const headroom = violates === '<' ? current.minus(limit) : new Decimal(limit).minus(current);
  return {
    rule_type,
    limit,
    current: current.toNumber(),
    projected: projected.toNumber(),
    headroom: headroom.toNumber(),
    verdict: !exempt && COMPARATORS[violates](projected, limit) ? 'violated' : 'ok',
    message: formatMessage(RISK_MESSAGES.evaluated, rule_type, toText(current), toText(new Decimal(limit))),
  };
}

const COMPARATORS: Readonly<Record<RiskRule['violates'], (value: Decimal, limit: number) => boolean>> = {
  '>': (value, limit) => value.gt(limit),
  '>=': (value, limit) => value.gte(limit),
  '<': (value, limit) => value.lt(limit),
};

/** The text of a missing input; null if it is there. */
const MISSING: Readonly<Record<RiskInput, (facts: RiskSnapshot, order: ProposedOrder) => string | null>> = {
  price: ({ mark }, { price }) => (price || mark ? null : 'a price (--price)'),
  session: ({ drawdown }, { user_id }) =>
    drawdown === null ? formatMessage(RISK_MESSAGES.session, user_id) : null,
  symbolMarks: ({ stale_mark }) => stale_mark,
  marks: ({ stale_marks }) => stale_marks,
};

interface Metric {
  current: Decimal;
  projected: Decimal;
}

/** Every rule's value, given that nothing it needs is missing. */
const METRICS: Readonly<Record<RuleType, (facts: RiskSnapshot, order: ProposedOrder) => Metric>> = {
  MAX_POSITION_SIZE: positionSize,
  MAX_DRAWDOWN: ({ drawdown }) => unmoved(new Decimal(drawdown ?? 0)),
  MAX_DAILY_LOSS({ realized_today, unrealized }) {
    const loss = new Decimal(realized_today).plus(unrealized).times(-1);
    return unmoved(loss.gt(0) ? loss : new Decimal(0));
  },
  MAX_ORDERS_PER_DAY: ({ orders_today }, { isNew }) => ({
    current: new Decimal(orders_today),
    projected: new Decimal(orders_today + (isNew ? 1 : 0)),
  }),
  MIN_CAPITAL_THRESHOLD: ({ capital, unrealized }) => unmoved(new Decimal(capital).plus(unrealized)),
};

/** A value that the order itself does not change. */
function unmoved(current: Decimal): Metric {
  return { current, projected: current };
}

/** Working orders on the same side count as if they were filled: together they must not exceed the limit. */
function positionSize(facts: RiskSnapshot, { side, quantity, price: own }: ProposedOrder): Metric {
  const price = own || facts.mark || 0;
  const sign = side === 'BUY' ? 1 : -1;
  const working = new Decimal(facts.mark || price).times(facts.working_unpriced).plus(facts.working_value);
  const current = working.times(sign).plus(facts.exposure);
  return {
    current: current.abs(),
    projected: new Decimal(price).times(quantity).times(sign).plus(current).abs(),
  };
}

function toText(value: Decimal): string {
  return value.round(4).toFixed();
}
