import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../../src/util/failure.ts';
import { cli as program } from '../../helpers/cli.ts';
import { startRedis, type TestRedis } from '../../helpers/redis.ts';
import { words } from '../../helpers/words.ts';

let redis: TestRedis;
let env: Record<string, string>;
beforeAll(async () => {
  redis = await startRedis();
  env = { REDIS_URL: redis.url, PINNACLE_REDIS_TIMEOUT: '5s' };
});
afterAll(() => redis?.stop());
beforeEach(() => redis.cli('flushall'));

const put = (symbol: string, ltp: number) =>
  redis.cli(
    'set',
    `market_data:${symbol}`,
    JSON.stringify({ ltp, timestamp: new Date(Date.now() - 1_000).toISOString() }),
  );
/** Waits until a watch has looked at what is there now. */
const looked = async () => {
  const looks = async () =>
    Number(/cmdstat_mget:calls=(\d+)/.exec(await redis.cli('info', 'commandstats'))?.[1] ?? 0);
  const before = await looks();
  await expect.poll(looks, { timeout: 20_000, interval: 20 }).toBeGreaterThan(before + 1);
};
const watch = (line: string, options = {}) =>
  program(words(`market watch ${line} --interval 50ms`), { env, ...options });
const seen = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('market watch', () => {
  it('prints each quote as it is, and again when it has changed, an object a line', async () => {
    await put('TCS', 1);
    await put('INFY', 7);
    const watching = watch('TCS SBIN --count 5 --json symbol,ltp,unreadable');
    await looked();
    await put('INFY', 8);
    await put('TCS', 2);
    await looked();
    await put('SBIN', 5);
    await looked();
    await redis.cli('set', 'market_data:TCS', 'x');
    await looked();
    await redis.cli('del', 'market_data:TCS');
    const { code, stdout } = await watching;
    expect(code).toBe(0);
    expect(seen(stdout)).toEqual([
      { symbol: 'TCS', ltp: 1, unreadable: null },
      { symbol: 'TCS', ltp: 2, unreadable: null },
      { symbol: 'SBIN', ltp: 5, unreadable: null },
      { symbol: 'TCS', ltp: null, unreadable: 'no JSON object' },
      { symbol: 'TCS', ltp: null, unreadable: 'gone' },
    ]);
  });

  it('watches all there is, and ends by itself in time', async () => {
    await put('A', 1);
    await put('B', 2);
    const started = performance.now();
    const { code, stdout } = await watch('--for 300ms --columns symbol,ltp,stale');
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'A\t1\tfalse\nB\t2\tfalse\n' });
    expect(performance.now() - started).toBeGreaterThan(290);
    expect((await watch('--for 100ms --csv --columns symbol,ltp')).stdout).toBe('symbol,ltp\nA,1\nB,2\n');
  });

  it('is a line of a table on a terminal', async () => {
    await put('TCS', 4012.5);
    const { stdout } = await watch('--count 1 --columns symbol,ltp,timestamp', {
      tty: true,
      env: { ...env, NO_COLOR: '1' },
    });
    expect(stdout).toMatch(/^symbol +ltp +timestamp\nTCS +Rs 4,012\.50 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\n$/);
  });

  it('outlives a Redis that goes away, and says so once', async () => {
    await put('TCS', 1);
    const watching = watch('TCS --count 3 --json ltp');
    await looked();
    await redis.kill();
    await sleep(500);
    await redis.start();
    // A Redis without a disk comes back empty.
    await looked();
    await put('TCS', 2);
    const { code, stdout, stderr } = await watching;
    expect({ code, seen: seen(stdout) }).toEqual({ code: 0, seen: [{ ltp: 1 }, { ltp: null }, { ltp: 2 }] });
    expect(stderr).toMatch(/^Redis 127\.0\.0\.1:\d+ cannot be reached.*Retrying\.\n$/);
  });

  it('ends 0 when it is interrupted, without a message, and 7 where Redis was never there', async () => {
    await put('TCS', 1);
    const abort = new AbortController();
    const watching = watch('TCS --json ltp', { signal: abort.signal });
    await looked();
    abort.abort(new Failure('interrupted', 'INTERRUPTED', 'Interrupted.'));
    expect(await watching).toEqual({ code: 0, stdout: '{"ltp":1}\n', stderr: '' });
    expect((await watch('TCS', { env: { REDIS_URL: 'redis://127.0.0.1:1' } })).code).toBe(7);
    expect((await program(words('market watch --interval 1ms'), { env })).code).toBe(2);
  });
});

describe('market rates', () => {
  it('counts the quotes that change, and how old they are', async () => {
    await put('A', 1);
    await put('B', 1);
    await redis.cli('set', 'market_data:OLD', '{"ltp":1,"timestamp":"2020-01-01T00:00:00Z"}');
    await redis.cli('rpush', 'market_data:BAD', '1');
    const measuring = program(words('market rates --for 4s --json'), { env });
    await sleep(1_500);
    await put('A', 2);
    await sleep(1_000);
    await put('A', 3);
    await put('B', 2);
    const rates = JSON.parse((await measuring).stdout);
    expect(rates).toMatchObject({ quotes: 3, fresh: 2, stale: 1, unreadable: 1, changed: 3 });
    expect(rates.median_age_seconds).toBeLessThan(10);
    expect(rates.oldest_age_seconds).toBeGreaterThan(86_400);
    expect(rates.changed_per_second).toBeGreaterThan(0.3);
    expect(rates.changed_per_second).toBeLessThanOrEqual(0.75);
  });

  it('of an empty cache are none', async () => {
    const { code, stdout } = await program(words('market rates --for 0s --json'), { env });
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({
      code: 0,
      quotes: 0,
      oldest_age_seconds: null,
      changed_per_second: null,
    });
  });
});
