import { describe, expect, it } from 'vitest';
import { createRecentCache } from '../../src/projection/recent-cache.ts';

describe('what was shown last', () => {
  it('is remembered of as many as are wanted, and forgotten beyond twice as many', () => {
    let time = 0;
    const newest = createRecentCache(10, () => new Date(time));
    const known = () =>
      Array.from({ length: 100 }, (_, i) => i).filter((i) => newest.get(`${i}`) === `word ${i}`);
    for (let i = 0; i < 100; i++) {
      time = i;
      newest.set(`${i}`, `word ${i}`);
      const remembered = known();
      expect(remembered.length).toBeGreaterThanOrEqual(Math.min(i + 1, 10));
      expect(remembered.length).toBeLessThan(20);
      // Nothing that came later than it says is forgotten.
      expect(remembered[0]).toBeLessThanOrEqual(newest.since() + 1);
    }
    newest.set('99', 'another word');
    expect(newest.get('99')).toBe('another word');
  });
});
