import { describe, expect, it } from 'vitest';
import type { UserId } from '../../src/domain/id.ts';
import { describeRefusal } from '../../src/domain/risk-refusal.ts';
import type { RuleResult } from '../../src/domain/risk-rules.ts';
import type { TradingSymbol } from '../../src/domain/symbol.ts';

const order = {
  user_id: 'asha' as UserId,
  symbol: 'TCS' as TradingSymbol,
  side: 'BUY',
  order_type: 'LIMIT',
  quantity: 500,
  price: 3900.5,
} as const;
const broken = (
  rule_type: RuleResult['rule_type'],
  limit: number,
  current: number,
  projected = current,
): RuleResult => ({
  ...{ rule_type, limit, current, projected },
  headroom: 0,
  verdict: 'violated',
  message: '',
});
const reasonOf = (...rules: RuleResult[]) => describeRefusal(order, rules).split('. ').slice(1).join('. ');

describe('what is said of an order that is refused', () => {
  it('names whose order it was, and which', () => {
    expect(describeRefusal(order, [])).toBe('Refused for asha: BUY 500 TCS LIMIT at ₹3,900.50.');
    expect(describeRefusal({ ...order, side: 'SELL', order_type: 'MARKET', price: 0 }, [])).toBe(
      'Refused for asha: SELL 500 TCS MARKET.',
    );
  });

  it.each<[RuleResult, string]>([
    [
      broken('MAX_POSITION_SIZE', 700_000, 0, 2_051_582),
      'The position would be worth ₹20,51,582.00, above ₹7,00,000.00.',
    ],
    [broken('MAX_DRAWDOWN', 9, 10), 'The drawdown is 10.00 %, and may not reach 9.00 %.'],
    [
      broken('MAX_DAILY_LOSS', 25_000, 48_584.4),
      'The loss of today is ₹48,584.40, and may not reach ₹25,000.00.',
    ],
    [broken('MAX_ORDERS_PER_DAY', 3, 3, 4), '3 orders were placed today, of at most 3.'],
    [
      broken('MIN_CAPITAL_THRESHOLD', 400_000, 399_999.99),
      'The capital is worth ₹3,99,999.99, below ₹4,00,000.00.',
    ],
  ])('says the value and the limit of $rule_type', (rule, said) => {
    expect(reasonOf(rule)).toBe(said);
  });

  it('leaves a rule without a value to its message', () => {
    expect(reasonOf({ ...broken('MAX_DRAWDOWN', 9, 0), current: null, projected: null })).toBe('');
  });
});
