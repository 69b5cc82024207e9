import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Pace, refreshed } from '../../../src/operations/metrics/refreshed.ts';

const AGES_MS = 600_000;
const QUIET_MS = 300;

describe('a value that is refreshed', () => {
  let done: AbortController;
  let made: number;
  beforeEach(() => {
    done = new AbortController();
    made = 0;
  });
  afterEach(() => done.abort());

  const counted = (pace: Partial<Pace>, make: () => Promise<number> = async () => made) =>
    refreshed(
      { pauseMs: AGES_MS, askedWithinMs: AGES_MS, mostAgeMs: AGES_MS, patienceMs: AGES_MS, ...pace },
      done.signal,
      () => {
        made++;
        return make();
      },
    );

  it('is made once for all who ask first, and kept for those who ask soon', async () => {
    const ask = counted({});
    expect(await Promise.all([ask(), ask(), ask()])).toEqual([1, 1, 1]);
    expect(await ask()).toBe(1);
  });

  it('is given at once while the next one is made', async () => {
    const ask = counted({ pauseMs: 1 }, () => (made === 1 ? Promise.resolve(1) : new Promise(() => {})));
    await ask();
    await expect.poll(() => made).toBe(2);
    expect(await ask()).toBe(1);
    await sleep(QUIET_MS);
    expect(made).toBe(2);
  });

  it('is made again and again while somebody asks, and no more when nobody does', async () => {
    const ask = counted({ pauseMs: 1, askedWithinMs: 100 });
    await ask();
    await expect.poll(() => made).toBeGreaterThan(3);
    await sleep(QUIET_MS);
    const then = made;
    await sleep(QUIET_MS);
    expect(made).toBe(then);
    await ask();
    await expect.poll(() => made).toBeGreaterThan(then);
  });

  it('is waited for where the newest is too old', async () => {
    const ask = counted({ mostAgeMs: QUIET_MS });
    expect(await ask()).toBe(1);
    await sleep(QUIET_MS + 1);
    expect(await ask()).toBe(2);
  });

  it('is undefined where the newest is too old and the next does not come', async () => {
    const ask = counted({ mostAgeMs: QUIET_MS, patienceMs: 1 }, () =>
      made === 1 ? Promise.resolve(1) : new Promise(() => {}),
    );
    expect(await ask()).toBe(1);
    await sleep(QUIET_MS + 1);
    expect(await ask()).toBeUndefined();
    expect(await ask()).toBeUndefined();
    expect(made).toBe(2);
  });

  it('is a failure until the next one succeeds', async () => {
    const ask = counted({ pauseMs: 50 }, async () => {
      if (made === 1) throw new Error('not yet');
      return made;
    });
    await expect(ask()).rejects.toThrow('not yet');
    await expect.poll(() => ask().catch(() => 0)).toBeGreaterThan(1);
  });

  it('is not made after the end', async () => {
    const ask = counted({ pauseMs: 50 });
    await ask();
    done.abort();
    await sleep(QUIET_MS);
    expect(made).toBe(1);
  });
});
