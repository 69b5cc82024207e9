import type { OrderSide, RuleType } from './enums.ts';
import type { UserId } from './id.ts';
import { Decimal } from './money.ts';

/** What a trader's rules are measured against before an order, read at one moment. Rupees as decimal text. */
export interface RiskSnapshot {
  /** The limits that are set; what a rule that is not set would need is not read. */
  limits: Readonly<Partial<Record<RuleType, number>>>;
  /** What the open positions in the order's symbol are worth, shorts negative. */
  exposure: string;
  /** What is left of the working orders on the order's side of the symbol, where they have a price. */
  working_value: string;
  /** The same in shares, where they have none. */
  working_unpriced: number;
  /** Rupees a share at which the symbol was last marked; null without an open position. */
  mark: number | null;
  /** What is lacking to value the symbol's open positions; null where their marks are fresh. */
  stale_mark: string | null;
  /** The same of all open positions. */
  stale_marks: string | null;
  /** Percent; null without an active session. */
  drawdown: number | null;
  realized_today: string;
  unrealized: string;
  capital: string;
  orders_today: number;
}

/** The order to be judged; a price of 0 is none. */
export interface ProposedOrder {
  user_id: UserId;
  side: OrderSide;
  quantity: number;
  price: number;
  /** It can but shrink a position: only the number of orders limits it. */
  reduces: boolean;
  /** It is one more order of the day, and not one that is placed already and changes. */
  isNew: boolean;
}

/** What one rule says of an order. Headroom is what the limit leaves before it. */
export interface RuleResult {
  rule_type: RuleType;
  limit: number;
  current: number | null;
  projected: number | null;
  headroom: number | null;
  verdict: 'ok' | 'violated' | 'cannot evaluate';
  /** One line, as a refusal says it. */
  message: string;
}

type Metric = { current: Decimal; projected: Decimal } | { lacks: string };

/** Every rule that is set, measured with the order and without it. Pure. */
export function evaluateRules(facts: RiskSnapshot, order: ProposedOrder): RuleResult[] {
  return (Object.keys(METRICS) as RuleType[]).flatMap((rule) => {
    const limit = facts.limits[rule];
    return limit === undefined ? [] : [evaluateRule(rule, limit, METRICS[rule](facts, order), order)];
  });
}

function evaluateRule(rule_type: RuleType, limit: number, measure: Metric, order: ProposedOrder): RuleResult {
  const exempt = rule_type === 'MAX_ORDERS_PER_DAY' ? !order.isNew : order.reduces;
  if ('lacks' in measure)
    return {
      rule_type,
      limit,
      current: null,
      projected: null,
      headroom: null,
      verdict: exempt ? 'ok' : 'cannot evaluate',
      message: `${rule_type}: cannot evaluate without ${measure.lacks}`,
    };
  const { current, projected } = measure;
  const headroom =
    rule_type === 'MIN_CAPITAL_THRESHOLD' ? current.minus(limit) : new Decimal(limit).minus(current);
  return {
    rule_type,
    limit,
    current: current.toNumber(),
    projected: projected.toNumber(),
    headroom: headroom.toNumber(),
    verdict: !exempt && COMPARATORS[rule_type](projected, limit) ? 'violated' : 'ok',
    message: `${rule_type}: current=${written(current)} limit=${written(new Decimal(limit))}`,
  };
}

const METRICS: Readonly<Record<RuleType, (facts: RiskSnapshot, order: ProposedOrder) => Metric>> = {
  MAX_POSITION_SIZE: positionSize,
  MAX_DRAWDOWN: ({ drawdown, stale_marks }, { user_id }) =>
    drawdown === null
      ? { lacks: `an active session (pinnacle session start --user ${user_id})` }
      : valued(stale_marks, new Decimal(drawdown)),
  MAX_DAILY_LOSS({ realized_today, unrealized, stale_marks }) {
    const loss = new Decimal(realized_today).plus(unrealized).times(-1);
    return valued(stale_marks, loss.gt(0) ? loss : new Decimal(0));
  },
  MAX_ORDERS_PER_DAY: ({ orders_today }, { isNew }) => ({
    current: new Decimal(orders_today),
    projected: new Decimal(orders_today + (isNew ? 1 : 0)),
  }),
  MIN_CAPITAL_THRESHOLD: ({ capital, unrealized, stale_marks }) =>
    valued(stale_marks, new Decimal(capital).plus(unrealized)),
};

const COMPARATORS: Readonly<Record<RuleType, (value: Decimal, limit: number) => boolean>> = {
  MAX_POSITION_SIZE: (value, limit) => value.gt(limit),
  MAX_DRAWDOWN: (value, limit) => value.gte(limit),
  MAX_DAILY_LOSS: (value, limit) => value.gte(limit),
  MAX_ORDERS_PER_DAY: (value, limit) => value.gt(limit),
  MIN_CAPITAL_THRESHOLD: (value, limit) => value.lt(limit),
};

/** A rule of entries: the order itself does not move what it measures, and what positions are worth must be known. */
const valued = (stale: string | null, current: Decimal): Metric =>
  stale === null ? { current, projected: current } : { lacks: stale };

/** Working orders on the same side count as if they were filled: together they must not go beyond the limit. */
function positionSize(facts: RiskSnapshot, { side, quantity, price: own }: ProposedOrder): Metric {
  const price = own || facts.mark;
  if (!price) return { lacks: 'a price (--price)' };
  if (facts.stale_mark !== null) return { lacks: facts.stale_mark };
  const sign = side === 'BUY' ? 1 : -1;
  const working = new Decimal(facts.mark || price).times(facts.working_unpriced).plus(facts.working_value);
  const current = working.times(sign).plus(facts.exposure);
  return {
    current: current.abs(),
    projected: new Decimal(price).times(quantity).times(sign).plus(current).abs(),
  };
}

const written = (value: Decimal) => value.round(4).toFixed();
