import type { AlertLevel, OrderSide, OrderType, Product, RuleType } from './enums.ts';
import type { StrategyId, UserId } from './id.ts';
import { Decimal, type Rupees } from './money.ts';
import type { TradingSymbol } from './symbol.ts';

/** What a user's rules are measured against before an order, read at one moment. Rupees as decimal text. */
export interface RiskSnapshot {
  /** The limits that are set; facts that only other rules need are not read. */
  limits: Readonly<Partial<Record<RuleType, number>>>;
  /** The user's positions and working orders in the order's symbol, one row per strategy and product. */
  legs: readonly Leg[];
  /** The highest mark of these positions and price of their latest fill, rupees per share; null if there is neither. */
  last_price: number | null;
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

/** What a user holds and may still be filled with in one symbol, under one strategy and product; shares. */
export interface Leg {
  /** The strategy; empty for none. */
  strategy: string;
  /** Empty where nobody said one. */
  product: Product | '';
  /** Of the open position, a short negative. */
  held: number;
  buying: number;
  selling: number;
  /** The highest price of the working orders, rupees per share; 0 without any. */
  price: number;
}

/** The order to evaluate; a price of 0 means none. */
export interface ProposedOrder {
  user_id: UserId;
  strategy_id: StrategyId | null;
  symbol: TradingSymbol;
  product?: Product | null | undefined;
  side: OrderSide;
  order_type: OrderType;
  quantity: number;
  price: number;
  /** A fresh quote of the symbol, rupees per share; 0 means none. */
  quote: number;
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
  /** Whether it is about new orders alone, so that one that replaces another passes. */
  onlyNew?: boolean;
}

/** Every risk rule: before an order it is evaluated here, in `risk check` by SQL that is built from this table. */
export const RISK_RULES: Readonly<Record<RuleType, RiskRule>> = {
  MAX_POSITION_SIZE: {
    violates: '>',
    unit: 'rupees',
    severity: 'WARNING',
    needs: ['price', 'symbolMarks'],
  },
  MAX_DRAWDOWN: {
    violates: '>=',
    unit: 'percent',
    severity: 'CRITICAL',
    needs: ['session', 'marks'],
  },
  MAX_DAILY_LOSS: {
    violates: '>=',
    unit: 'rupees',
    severity: 'CRITICAL',
    needs: ['marks'],
  },
  MAX_ORDERS_PER_DAY: {
    violates: '>',
    unit: 'orders',
    severity: 'WARNING',
    needs: [],
    onlyNew: true,
  },
  MIN_CAPITAL_THRESHOLD: {
    violates: '<',
    unit: 'rupees',
    severity: 'CRITICAL',
    needs: ['marks'],
  },
};

export const RISK_RULE_ENTRIES = Object.entries(RISK_RULES) as [RuleType, RiskRule][];

/** The rules that cannot be evaluated without an input. */
export function rulesNeeding(input: RiskInput): RuleType[] {
  return RISK_RULE_ENTRIES.flatMap(([type, { needs }]) => (needs.includes(input) ? [type] : []));
}

/** What the message of a rule says that lacks an input. */
export const CANNOT_EVALUATE = 'cannot evaluate without';

/** The messages of a rule, as templates of `formatMessage` and of PostgreSQL's format(). */
export const RISK_MESSAGES = {
  /** Rule type, current value, limit. */
  evaluated: '%s: current=%s limit=%s',
  /** Rule type, missing input. */
  missing: `%s: ${CANNOT_EVALUATE} %s`,
  /** Symbol. */
  price: 'a quote of the symbol (pinnacle market set %s --ltp PRICE)',
  /** User. */
  session: 'an active session (pinnacle session start %s)',
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
  { violates, needs, onlyNew = false }: RiskRule,
  limit: number,
  facts: RiskSnapshot,
  order: ProposedOrder,
): RuleResult {
  // No limit may keep anybody in a position.
  const exempt = order.reduces || (onlyNew && !order.isNew);
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
  return {
    rule_type,
    limit,
    current: current.toNumber(),
    projected: projected.toNumber(),
    headroom: headroomOf(violates, current, limit).toNumber(),
    verdict: !exempt && COMPARATORS[violates](projected, limit) ? 'violated' : 'ok',
    message: formatMessage(RISK_MESSAGES.evaluated, rule_type, toText(current), toText(new Decimal(limit))),
  };
}

/** The distance from a value to its limit; below 0 beyond it. */
const headroomOf = (violates: RiskRule['violates'], current: Decimal, limit: number): Decimal =>
  violates === '<' ? current.minus(limit) : new Decimal(limit).minus(current);

/**
 * How much of a limit a value uses, in percent with two decimals, 100 at the limit, and what it leaves. The use is null where
 * no percentage says it: of a limit of 0, or of a capital that is gone.
 */
export function useOfLimit(
  rule: RuleType,
  current: number,
  limit: number,
): { use: number | null; headroom: number } {
  const { violates } = RISK_RULES[rule];
  const headroom = headroomOf(violates, new Decimal(current), limit).toNumber();
  const [part, whole] = violates === '<' ? [limit, current] : [current, limit];
  return { use: whole > 0 ? Number(new Decimal(part).times(100).div(whole).toFixed(2)) : null, headroom };
}

const COMPARATORS: Readonly<Record<RiskRule['violates'], (value: Decimal, limit: number) => boolean>> = {
  '>': (value, limit) => value.gt(limit),
  '>=': (value, limit) => value.gte(limit),
  '<': (value, limit) => value.lt(limit),
};

/** The text of a missing input; null if it is there. */
const MISSING: Readonly<Record<RiskInput, (facts: RiskSnapshot, order: ProposedOrder) => string | null>> = {
  price: (facts, order) => (canValue(facts, order) ? null : formatMessage(RISK_MESSAGES.price, order.symbol)),
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

/**
 * Whether the market says what a share is worth. The price of the order itself bounds only what a BUY LIMIT may pay: a
 * MARKET order may be filled at any price, a STOP_LOSS and a SELL LIMIT above theirs.
 */
function canValue({ last_price }: RiskSnapshot, { order_type, side, price, quote }: ProposedOrder): boolean {
  return quote > 0 || (last_price ?? 0) > 0 || (side === 'BUY' && order_type === 'LIMIT' && price > 0);
}

/**
 * The shares in the symbol, summed over all strategies and products without netting, as if every working order that enlarges a
 * position were filled, at the highest price that is known of a share.
 */
function positionSize({ legs, last_price }: RiskSnapshot, order: ProposedOrder): Metric {
  const strategy = order.strategy_id ?? '';
  const product = order.product ?? '';
  const isOwn = (leg: Leg) => leg.strategy === strategy && leg.product === product;
  const own = legs.find(isOwn) ?? { ...NO_LEG, strategy, product };
  const before = legs.reduce((sum, leg) => sum + reach(leg), 0);
  const after = before - reach(own) + reach(withOrder(own, order));
  const known = Math.max(order.quote, last_price ?? 0, ...legs.map(({ price }) => price));
  const worst = Math.max(order.price, known);
  return { current: new Decimal(known).times(before), projected: new Decimal(worst).times(after) };
}

const NO_LEG = { held: 0, buying: 0, selling: 0, price: 0 };

/** The most shares, long or short, that a leg can come to hold. */
function reach({ held, buying, selling }: Leg): number {
  return Math.max(Math.abs(held + buying), Math.abs(held - selling));
}

function withOrder(leg: Leg, { side, quantity }: ProposedOrder): Leg {
  return side === 'BUY'
    ? { ...leg, buying: leg.buying + quantity }
    : { ...leg, selling: leg.selling + quantity };
}

function toText(value: Decimal): string {
  return value.round(4).toFixed();
}
