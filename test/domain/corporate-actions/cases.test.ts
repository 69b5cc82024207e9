import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ActionEffect, applyEffect } from '../../../src/domain/action-effect.ts';
import { factorOf } from '../../../src/domain/corporate-actions/action.ts';
import { demerged, dividendOn, merged, scaled } from '../../../src/domain/corporate-actions/outcome.ts';
import { combine, priceBy, type Ratio, scale, worthOf } from '../../../src/domain/corporate-actions/ratio.ts';
import { applyFill, type Position } from '../../../src/domain/position.ts';
import { shared } from '../../helpers/shared.ts';

interface Case {
  id: string;
  action: {
    type: string;
    new?: number;
    old?: number | string;
    held?: number;
    chain?: [number, number][];
    split?: [number, number];
    bonus?: { new: number; held: number };
    ratio?: [number, number];
    cost_percent?: { child: number };
    split_factor?: number;
    reference_price?: number;
    per_share?: number;
    tds_percent?: number;
    tds_threshold?: number;
    then?: string;
  };
  before: {
    quantity?: number;
    average_price?: number;
    price?: number;
    order?: { quantity: number; limit: number; stop: number };
  };
  expected: Record<string, number | string>;
}

const { path, absent } = shared('cases/corporate_actions.json');
const cases: Case[] = absent ? [] : (JSON.parse(readFileSync(path, 'utf8')) as Case[]);

const ratio = ([numerator, denominator]: readonly [number, number]): Ratio => ({ numerator, denominator });

/** The factor of a case; of one that is told in decimals, `1/f`. */
function factorIn({ action }: Case): Ratio {
  const { type, chain, split, bonus, split_factor } = action;
  if (split_factor !== undefined)
    return combine([{ numerator: 100_000, denominator: Math.round(split_factor * 100_000) }]);
  if (chain) return combine(chain.map(ratio));
  if (split && bonus)
    return factorOf([
      { type: 'bonus', ratio: ratio([bonus.new, bonus.held]) },
      { type: 'split', ratio: ratio(split) },
    ]);
  if (type === 'bonus')
    return factorOf([{ type, ratio: ratio([action.new as number, action.held as number]) }]);
  return ratio([action.new as number, action.old as number]);
}

function positionOf({ before }: Case): Position {
  const { quantity = 0, average_price = before.price ?? 100 } = before;
  return {
    side: quantity < 0 ? 'SHORT' : 'LONG',
    quantity: Math.abs(quantity),
    average_price,
    current_price: average_price,
    unrealized_pnl: 0,
    realized_pnl: 0,
    status: 'OPEN',
  };
}

const signed = ({ side, quantity }: Position) => (side === 'LONG' ? quantity : -quantity);
const cost = ({ average_price, quantity }: Position) => average_price * quantity;
const effect = (made: ActionEffect | null | undefined) => made as ActionEffect;

/** What the functions make of a case, under the names of what is expected. */
function made(each: Case): Record<string, unknown> {
  const { action, before } = each;
  const position = positionOf(each);
  if (action.type === 'rename') return { ...position };
  if (action.type === 'dividend') {
    const { gross, tds, net } = dividendOn(
      before.quantity as number,
      String(action.per_share),
      action.tds_percent === undefined
        ? null
        : { percent: String(action.tds_percent), above: String(action.tds_threshold) },
      String((before.quantity as number) * (action.per_share as number)),
    );
    return { ...position, gross: Number(gross), tds: Number(tds), net: Number(net) };
  }
  if (action.type === 'demerger') {
    const outcome = demerged(position, ratio(action.ratio as [number, number]), {
      costPercent: String(action.cost_percent?.child),
      cashPrice: null,
    });
    const parent = applyEffect(position, effect(outcome.own));
    const child = applyEffect(null, effect(outcome.other));
    return {
      parent_cost: cost(parent),
      parent_average: parent.average_price,
      child_quantity: child.quantity,
      child_cost: cost(child),
      child_average: child.average_price,
    };
  }
  if (action.type === 'merger') {
    const outcome = merged(position, ratio(action.ratio as [number, number]), null);
    const after = applyEffect(null, effect(outcome?.other));
    return { ...after, cost: cost(after) };
  }
  return madeByFactor(each, position);
}

function madeByFactor(each: Case, position: Position): Record<string, unknown> {
  const { action, before } = each;
  const factor = factorIn(each);
  if (before.order)
    return {
      quantity: scale(before.order.quantity, factor).whole,
      limit: priceBy(before.order.limit, factor),
      stop: priceBy(before.order.stop, factor),
    };
  const price = action.reference_price;
  // The case names the price before the split.
  const cashPrice =
    price === undefined ? null : String(action.split_factor === undefined ? price : priceBy(price, factor));
  const outcome = scaled(position, factor, cashPrice);
  const after = applyEffect(position, effect(outcome?.own));
  const { fraction } = outcome ?? { fraction: null };
  const result = {
    ...after,
    quantity: signed(after),
    price: after.average_price,
    cost: cost(after),
    cash: Number(outcome?.cash ?? 0),
    fraction: fraction ? fraction.numerator / fraction.denominator : 0,
    ...(action.split && { after_split: scale(position.quantity, ratio(action.split)).whole }),
  };
  if (action.then) {
    const [, quantity, , at] = action.then.split(' ');
    const sold = applyFill(after, { side: 'SELL', quantity: Number(quantity), price: Number(at) });
    return { ...sold.position, cost: cost(sold.position), realized_pnl: Number(sold.realized) };
  }
  // These keep fractions of shares: what a whole share costs then is the price by the factor.
  if (action.split_factor !== undefined || each.expected['quantity_exact'] !== undefined)
    return {
      ...result,
      average_price: priceBy(position.average_price, factor),
      quantity_exact: exactQuantity(position.quantity, factor),
    };
  return result;
}

function exactQuantity(shares: number, factor: Ratio): string {
  const { whole, fraction } = scale(shares, factor);
  if (!fraction) return String(whole);
  return `${whole * fraction.denominator + fraction.numerator}/${fraction.denominator}`;
}

describe.skipIf(absent)('the known corporate actions', () => {
  it.each(cases.map((each) => [each.id, each] as const))('%s', (_, each) => {
    const result = made(each);
    for (const [name, value] of Object.entries(each.expected)) {
      if (each.action.type === 'dividend' && name === 'cash') continue;
      if (typeof value === 'number') expect(result[name], name).toBeCloseTo(value, 9);
      else expect(result[name], name).toBe(value);
    }
  });
});

describe('a ratio', () => {
  it('is multiplied first and divided once', () => {
    const factor = combine([ratio([2, 1]), ratio([1, 3])]);
    expect(factor).toEqual(ratio([2, 3]));
    expect(scale(10, factor)).toEqual({ whole: 6, fraction: ratio([2, 3]) });
    expect(scale(scale(10, ratio([1, 3])).whole, ratio([2, 1])).whole).toBe(6);
    expect(scale(11, factor).whole).toBe(7);
    expect(scale(scale(11, ratio([1, 3])).whole, ratio([2, 1])).whole).toBe(6);
  });

  it('gives no more shares than a position holds', () => {
    expect(() => scale(2_000_000_000, ratio([2, 1]))).toThrow(RangeError);
    expect(() => combine(Array.from({ length: 4 }, () => ratio([999_983, 1])))).toThrow(RangeError);
  });

  it('pays a fraction to the paisa', () => {
    expect(worthOf(ratio([2, 3]), '100')).toBe('66.67');
  });
});

describe('an effect', () => {
  const long = positionOf({
    id: '',
    action: { type: 'split' },
    before: { quantity: 10, average_price: 99.99 },
    expected: {},
  });

  it('keeps the cost exact through thirds', () => {
    const third = applyEffect(long, { shares: -7, cost: '0.00' as never, price: 333.3 });
    const back = applyEffect(third, { shares: 7, cost: '0.00' as never, price: 99.99 });
    expect([third.quantity, back.quantity, back.average_price]).toEqual([3, 10, 99.99]);
  });

  it('does not turn a position', () => {
    expect(() => applyEffect(long, { shares: -11, cost: '0.00' as never, price: 1 })).toThrow(RangeError);
  });

  it('leaves what is not one whole share to a person', () => {
    expect(scaled(long, ratio([1, 20]), '5')).toBeUndefined();
    expect(merged(long, ratio([1, 20]), '5')).toBeUndefined();
    expect(demerged(long, ratio([1, 20]), { costPercent: '10', cashPrice: '5' })).toMatchObject({
      own: null,
      other: null,
      cash: '2.50',
    });
  });

  it('asks a short one to pay', () => {
    expect(scaled({ ...long, side: 'SHORT' }, ratio([4, 3]), '9')).toMatchObject({
      own: { shares: -3 },
      cash: '-3.00',
    });
    expect(dividendOn(-10, '2.5', { percent: '10', above: '0' })).toEqual({
      gross: '-25.00',
      tds: '0.00',
      net: '-25.00',
    });
  });
});
