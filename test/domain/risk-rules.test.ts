import { describe, expect, it } from 'vitest';
import type { RuleType } from '../../src/domain/enums.ts';
import { strategyId, userId } from '../../src/domain/id.ts';
import type { Rupees } from '../../src/domain/money.ts';
import { limitProblem, riskTemplates } from '../../src/domain/risk-limits.ts';
import {
  evaluateRules,
  type Leg,
  type ProposedOrder,
  type RiskSnapshot,
  type RuleResult,
  rulesNeeding,
} from '../../src/domain/risk-rules.ts';
import { tradingSymbol } from '../../src/domain/symbol.ts';

const rupees = (text: string) => text as Rupees;

const LEG: Leg = { strategy: '', product: '', held: 30, buying: 0, selling: 0, price: 0 };
/** Long 30 shares of the symbol at 10, and otherwise untouched. */
const FACTS: RiskSnapshot = {
  limits: {},
  ...{ legs: [LEG], last_price: 10 },
  ...{ stale_mark: null, stale_marks: null, drawdown: 0 },
  ...{ realized_today: rupees('0'), unrealized: rupees('0'), capital: rupees('1000'), orders_today: 0 },
};
/** Buys 10 at the market, which is meant to be at 10. */
const ORDER: ProposedOrder = {
  ...{ user_id: userId.parse('trader_001'), strategy_id: null, side: 'BUY', order_type: 'MARKET' },
  ...{ symbol: tradingSymbol.parse('TCS'), quantity: 10, price: 10, quote: 0, reduces: false, isNew: true },
};
const QUOTE = 'a quote of the symbol (pinnacle market set TCS --ltp PRICE)';
const evaluate = (
  rule: RuleType,
  limit: number,
  facts: Partial<RiskSnapshot> = {},
  order: Partial<ProposedOrder> = {},
) =>
  evaluateRules({ ...FACTS, ...facts, limits: { [rule]: limit } }, { ...ORDER, ...order })[0] as RuleResult;

type Case = [
  what: string,
  rule: RuleType,
  facts: Partial<RiskSnapshot>,
  order: Partial<ProposedOrder>,
  expected: { current: number; projected: number; ok: number; violated: number },
];

const SIZE = 'MAX_POSITION_SIZE';
const RSI_ID = strategyId.parse('rsi');
const RSI: Leg = { ...LEG, strategy: 'rsi', held: -30 };
const LIMIT: Partial<ProposedOrder> = { order_type: 'LIMIT' };
const CASES: Case[] = [
  ['a long position grows by a buy', SIZE, {}, {}, of(300, 400, 400, 399.99)],
  ['a sale within it counts as if it were not filled', SIZE, {}, { side: 'SELL' }, of(300, 300, 300, 299.99)],
  [
    'a sale beyond it counts what is short',
    SIZE,
    {},
    { side: 'SELL', quantity: 100 },
    of(300, 700, 700, 699),
  ],
  ['a short position grows by a sale', SIZE, held({ held: -30 }), { side: 'SELL' }, of(300, 400, 400, 399)],
  ['working orders of its side count', SIZE, held({ buying: 5 }), {}, of(350, 450, 450, 449)],
  ['at their price where that is higher', SIZE, held({ buying: 5, price: 20 }), {}, of(700, 900, 900, 899)],
  ['those that reduce do not', SIZE, held({ selling: 5 }), { side: 'SELL' }, of(300, 300, 300, 299)],
  ['strategies are summed, not netted', SIZE, { legs: [LEG, RSI] }, {}, of(600, 700, 700, 699)],
  [
    'the order counts in its own',
    SIZE,
    { legs: [LEG, RSI] },
    { strategy_id: RSI_ID },
    of(600, 600, 600, 599),
  ],
  ['the price of the order where that is higher', SIZE, {}, { price: 20 }, of(300, 800, 800, 799)],
  ['or the quote', SIZE, {}, { quote: 15 }, of(450, 600, 600, 599)],
  ['a limit bounds a buy of unknown price', SIZE, { last_price: null }, LIMIT, of(0, 400, 400, 399)],
  ['paise are exact', SIZE, { ...held({ held: 3 }), last_price: 0.1 }, { price: 0 }, of(0.3, 1.3, 1.3, 1.29)],
  ['drawdown at its limit', 'MAX_DRAWDOWN', { drawdown: 9.99 }, {}, of(9.99, 9.99, 10, 9.99)],
  ['no drawdown', 'MAX_DRAWDOWN', {}, {}, of(0, 0, 0.01, 0)],
  ['a loss of today', 'MAX_DAILY_LOSS', { realized_today: rupees('-40.5') }, {}, of(40.5, 40.5, 40.51, 40.5)],
  ['and what is open of it', 'MAX_DAILY_LOSS', lost('-40.5', '-0.25'), {}, of(40.75, 40.75, 41, 40.75)],
  ['what is open makes up for it', 'MAX_DAILY_LOSS', lost('-40', '30'), {}, of(10, 10, 10.01, 10)],
  ['a gain is no loss', 'MAX_DAILY_LOSS', lost('40', '-30'), {}, of(0, 0, 0.01, 0)],
  ['the order is one more', 'MAX_ORDERS_PER_DAY', { orders_today: 2 }, {}, of(2, 3, 3, 2)],
  [
    'capital and what is open',
    'MIN_CAPITAL_THRESHOLD',
    lost('0', '-0.01'),
    {},
    of(999.99, 999.99, 999.99, 1000),
  ],
];

function of(current: number, projected: number, ok: number, violated: number): Case[4] {
  return { current, projected, ok, violated };
}

function held(leg: Partial<Leg>): Partial<RiskSnapshot> {
  return { legs: [{ ...LEG, ...leg }] };
}

function lost(realized: string, unrealized: string): Partial<RiskSnapshot> {
  return { realized_today: rupees(realized), unrealized: rupees(unrealized) };
}

describe('a risk rule', () => {
  it.each(CASES)('%s: %s', (_what, rule, facts, order, { ok, violated, ...values }) => {
    expect(evaluate(rule, ok, facts, order)).toMatchObject({ ...values, limit: ok, verdict: 'ok' });
    expect(evaluate(rule, violated, facts, order)).toMatchObject({ ...values, verdict: 'violated' });
  });

  it.each([
    [SIZE, { last_price: null }, {}, QUOTE],
    [SIZE, { last_price: 0 }, { order_type: 'LIMIT', side: 'SELL' }, QUOTE],
    [SIZE, { last_price: null }, { order_type: 'LIMIT', price: 0 }, QUOTE],
    [SIZE, { stale_mark: 'a fresh mark of TCS' }, {}, 'a fresh mark of TCS'],
    ['MAX_DRAWDOWN', { drawdown: null }, {}, 'an active session (pinnacle session start trader_001)'],
    ['MAX_DRAWDOWN', { stale_marks: 'marks' }, {}, 'marks'],
    ['MAX_DAILY_LOSS', { stale_marks: 'marks' }, {}, 'marks'],
    ['MIN_CAPITAL_THRESHOLD', { stale_marks: 'marks' }, {}, 'marks'],
  ] as const)(
    '%s of %j is not evaluated without what it needs, and refuses',
    (rule, facts, order, missing) => {
      const unknown = { current: null, projected: null, headroom: null };
      const message = `${rule}: cannot evaluate without ${missing}`;
      expect(evaluate(rule, 1, facts, order)).toEqual({
        ...{ rule_type: rule, limit: 1, verdict: 'cannot evaluate', message },
        ...unknown,
      });
      expect(evaluate(rule, 1, facts, { ...order, reduces: true })).toMatchObject({
        ...unknown,
        verdict: 'ok',
      });
    },
  );

  it('lets an order pass that only reduces, and by the number of orders one that replaces another', () => {
    const bad = { ...lost('-2000', '-2000'), drawdown: 100, orders_today: 9 };
    const limits = {
      ...{ MAX_POSITION_SIZE: 1, MAX_DRAWDOWN: 1, MAX_DAILY_LOSS: 1 },
      ...{ MAX_ORDERS_PER_DAY: 8, MIN_CAPITAL_THRESHOLD: 1 },
    };
    const violated = (order: Partial<ProposedOrder>) =>
      evaluateRules({ ...FACTS, ...bad, limits }, { ...ORDER, ...order })
        .filter(({ verdict }) => verdict === 'violated')
        .map(({ rule_type }) => rule_type);
    expect(violated({})).toEqual(Object.keys(limits));
    expect(violated({ isNew: false })).toEqual(
      Object.keys(limits).filter((type) => type !== 'MAX_ORDERS_PER_DAY'),
    );
    expect(violated({ reduces: true })).toEqual([]);
  });

  it('that is not set is not evaluated, and headroom is what the limit leaves before the order', () => {
    expect(evaluateRules(FACTS, ORDER)).toEqual([]);
    expect(evaluate(SIZE, 1000)).toMatchObject({ headroom: 700 });
    expect(evaluate(SIZE, 100)).toMatchObject({ headroom: -200 });
    expect(evaluate('MIN_CAPITAL_THRESHOLD', 900)).toMatchObject({ headroom: 100 });
  });

  it('says its numbers without an exponent, to four digits of a rupee', () => {
    expect(evaluate(SIZE, 1e9, { legs: [], last_price: 0.00001 }).message).toBe(
      'MAX_POSITION_SIZE: current=0 limit=1000000000',
    );
    expect(evaluate('MAX_DRAWDOWN', 10, { drawdown: 3.333333 }).message).toBe(
      'MAX_DRAWDOWN: current=3.3333 limit=10',
    );
  });

  it('names what it needs', () => {
    expect(rulesNeeding('price')).toEqual([SIZE]);
    expect(rulesNeeding('session')).toEqual(['MAX_DRAWDOWN']);
    expect(rulesNeeding('symbolMarks')).toEqual([SIZE]);
    expect(rulesNeeding('marks')).toEqual(['MAX_DRAWDOWN', 'MAX_DAILY_LOSS', 'MIN_CAPITAL_THRESHOLD']);
  });
});

describe('a limit', () => {
  it.each<[RuleType, unknown, string | undefined]>([
    ['MAX_DAILY_LOSS', 0.01, undefined],
    ['MAX_DAILY_LOSS', 0, 'must be more than 0'],
    ['MAX_DAILY_LOSS', -1, 'must be more than 0'],
    ['MAX_DAILY_LOSS', '5', 'must be a number'],
    ['MAX_DAILY_LOSS', Number.NaN, 'must be a number'],
    ['MAX_DAILY_LOSS', Number.POSITIVE_INFINITY, 'must be a number'],
    ['MAX_DRAWDOWN', 100, undefined],
    ['MAX_DRAWDOWN', 100.01, 'is percent, and must be at most 100'],
    ['MAX_ORDERS_PER_DAY', 1, undefined],
    ['MAX_ORDERS_PER_DAY', 1.5, 'must be a whole number of orders'],
    ['MIN_CAPITAL_THRESHOLD', 0, undefined],
    ['MIN_CAPITAL_THRESHOLD', -0.01, 'must be 0 or more'],
  ])('of %s: %j', (rule, limit, problem) => {
    expect(limitProblem(rule, limit)).toBe(problem);
  });

  it.each<[unknown, string[]]>([
    [{ medium: { MAX_DRAWDOWN: 10 }, low: {} }, []],
    [[], ['must be an object of templates']],
    [{ mild: {} }, ['mild is not a risk tolerance']],
    [{ medum: {} }, ['did you mean medium?']],
    [{ low: 5 }, ['low must be an object of rules']],
    [{ low: { MAX_DRAWDON: 5 } }, ['low.MAX_DRAWDON is not a rule; did you mean MAX_DRAWDOWN?']],
    [
      { low: { MAX_DRAWDOWN: 101 }, high: { MAX_DAILY_LOSS: 0 } },
      ['not 101', 'high.MAX_DAILY_LOSS must be more'],
    ],
    [JSON.parse('{"low":{"__proto__":1}}'), ['low.__proto__ is not a rule']],
  ])('in templates: %j', (templates, problems) => {
    const found = riskTemplates.safeParse(templates).error?.issues ?? [];
    const said = found.map(({ path, message }) => `${path.join('.')} ${message}`);
    expect(said.map((text, i) => text.includes(problems[i] ?? '?'))).toEqual(problems.map(() => true));
  });
});
