import { expect, it } from 'vitest';
import { adjustingPrice } from '../../../src/domain/reconcile/adjusting-price.ts';

it.each([
  ['nothing is to do', [10, 100], [10, 105], null],
  ['from nothing', [0, null], [10, 100], '100'],
  ['from nothing, without a price', [0, null], [10, null], null],
  ['to nothing', [100, 1.2], [0, 0], '1.2'],
  ['a short position to nothing', [-50, 2.5], [0, null], '2.5'],
  ['more', [10, 100], [15, 102], '106'],
  ['less', [200, 1.2], [100, 1.2], '1.2'],
  ['across zero', [100, 1.2], [-100, 1.25], '1.25'],
  ['a longer short position', [-10, 100], [-20, 110], '120'],
  ['decimals', [150, 1.23456], [250, 1.24567], '1.262335'],
  ['a target without an average', [100, 1.2], [200, 0], null],
  ['a price below zero', [100, 10], [150, 1], null],
] as const)('the price of an adjustment: %s', (_, [q, a], [tq, ta], price) => {
  const result = adjustingPrice({ quantity: q, average_price: a }, { quantity: tq, average_price: ta });
  expect(result?.toFixed() ?? null).toBe(price);
});
