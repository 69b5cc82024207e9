import { expect, it } from 'vitest';
import type { OrderId, PositionId } from '../../src/domain/id.ts';
import { instant } from '../../src/domain/instant.ts';
import { NO_RUPEES } from '../../src/domain/money.ts';
import { type ChainFill, rebuildPositions } from '../../src/domain/rebuild-positions.ts';
import { replay } from '../../src/domain/replay-position.ts';

const signed = ({ side }: { side: string }, shares: number) =>
  side === 'BUY' || side === 'LONG' ? shares : -shares;

/** Fills in the order of booking, with times in another order; the same for the same seed. */
function booked(seed: number) {
  let state = seed;
  const random = (n: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return (state >> 8) % n;
  };
  const made = Array.from(
    { length: 30 },
    (_, i): ChainFill => ({
      fill_id: `f${i}`,
      order_id: `o${i}` as OrderId,
      executed_at: instant(new Date(random(40) * 1_000)),
      side: random(2) ? 'BUY' : 'SELL',
      quantity: 1 + random(20),
      price: 90 + random(20),
      position_id: `p${i}` as PositionId,
      flipped_to: `q${i}` as PositionId,
      realized_pnl: NO_RUPEES,
    }),
  );
  const { fills, positions } = rebuildPositions(made);
  let stands = 0;
  return {
    positions,
    fills: fills.map((fill) => {
      stands += signed(fill, fill.quantity);
      return { ...fill, stands };
    }),
  };
}

it('a part of the fills makes positions of as many shares, and all of them what is booked', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const { fills, positions } = booked(seed);
    for (const second of [-1, 5, 20, 30, 40]) {
      const until = fills.filter(({ executed_at }) => executed_at <= instant(new Date(second * 1_000)));
      const last = positions.map(({ position_id }) => {
        const own = until.filter((fill) => [fill.position_id, fill.flipped_to].includes(position_id));
        return replay(position_id, own).at(-1)?.position;
      });
      const held = last.reduce(
        (sum, position) => sum + (position ? signed(position, position.quantity) : 0),
        0,
      );
      expect(held).toBe(until.reduce((sum, fill) => sum + signed(fill, fill.quantity), 0));
      if (second === 40)
        expect(last).toMatchObject(
          positions.map(({ position_id, order_id, opened_at, closed_at, ...position }) => position),
        );
    }
  }
});
