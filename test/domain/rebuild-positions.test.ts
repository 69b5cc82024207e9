import { describe, expect, it } from 'vitest';
import type { OrderId, PositionId } from '../../src/domain/id.ts';
import type { Instant } from '../../src/domain/instant.ts';
import { NO_RUPEES } from '../../src/domain/money.ts';
import {
  type ChainFill,
  firstToRebuild,
  mergeByTime,
  rebuildPositions,
} from '../../src/domain/rebuild-positions.ts';

/** `SELL 10 at 110 of p1`; with `>p2` it opened another position with its remainder. */
const fill = (text: string, i: number): ChainFill => {
  const [side, quantity, , price, , positions = ''] = text.split(' ');
  const [position_id = '', flipped_to = null] = positions.split('>');
  return {
    fill_id: `f${i}`,
    order_id: `o${i}` as OrderId,
    executed_at: `2026-01-0${i + 1}T00:00:00.000000Z` as Instant,
    side: side as 'BUY' | 'SELL',
    quantity: Number(quantity),
    price: Number(price),
    position_id: position_id as PositionId,
    flipped_to: flipped_to as PositionId | null,
    realized_pnl: NO_RUPEES,
  };
};

const BOOKED = [
  'BUY 10 at 100 of p1',
  'SELL 15 at 110 of p1>p2',
  'BUY 5 at 90 of p2',
  'BUY 1 at 95 of p3',
].map(fill);

const without = (i: number) => BOOKED.filter((_, at) => at !== i);

describe('positions that are rebuilt from executions', () => {
  it.each([
    ['all of them', BOOKED, ['p1 LONG 0', 'p2 SHORT 0', 'p3 LONG 1']],
    ['without the first, whose position is gone', without(0), ['p2 SHORT 9']],
    ['without the flip', without(1), ['p1 LONG 16']],
    ['without the last', without(3), ['p1 LONG 0', 'p2 SHORT 0']],
  ])('keep the id under which their first execution was booked: %s', (_what, fills, expected) => {
    const { positions } = rebuildPositions(fills);
    expect(positions.map(({ position_id, side, quantity }) => `${position_id} ${side} ${quantity}`)).toEqual(
      expected,
    );
  });

  it('are what is booked when nothing changed, and the same when rebuilt again', () => {
    const once = rebuildPositions(BOOKED);
    expect(once.fills.map(({ position_id, flipped_to }) => [position_id, flipped_to])).toEqual(
      BOOKED.map(({ position_id, flipped_to }) => [position_id, flipped_to]),
    );
    expect(rebuildPositions(once.fills)).toEqual(once);
  });

  it('begin at the last time before the first difference when there was none', () => {
    expect(firstToRebuild(BOOKED, [...BOOKED])).toBeUndefined();
    expect([0, 1, 2, 3].map((i) => firstToRebuild(BOOKED, without(i)))).toEqual([0, 0, 0, 3]);
  });
});

describe('two chains that become one', () => {
  const chain = (text: string) =>
    [...text].map((letter) => ({
      letter,
      executed_at: `2026-01-0${letter.toLowerCase().charCodeAt(0) - 96}` as Instant,
    }));
  it.each([
    ['', '', ''],
    ['ace', 'BDF', 'aBcDeF'],
    ['abc', 'A', 'aAbc'],
    ['A', 'abc', 'Aabc'],
    ['cab', 'B', 'Bcab'],
    ['ab', 'CD', 'abCD'],
    ['cd', 'AB', 'ABcd'],
  ])('are in the order of time, and each keeps its own: %s and %s', (one, other, merged) => {
    expect(
      mergeByTime(chain(one), chain(other))
        .map(({ letter }) => letter)
        .join(''),
    ).toBe(merged);
  });
});
