import { createServer } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { startRedis, type TestRedis } from '../../helpers/redis.ts';
import { words } from '../../helpers/words.ts';

const PLACE = 'order place --user u --symbol TCS --side BUY --quantity 5';

describe.each(databases)('the reference price of a MARKET order on $name', ({ open }) => {
  let db: TestDatabase;
  let redis: TestRedis;
  beforeAll(async () => {
    [db, redis] = await Promise.all([open(), startRedis()]);
    db.env['REDIS_URL'] = redis.url;
    await given.user(db, 'u');
  });
  afterAll(() => Promise.all([redis?.stop(), db?.close()]));
  beforeEach(() => redis.cli('flushall'));

  const place = async (flags = '', env: Record<string, string> = {}) => {
    const { code, stdout, stderr } = await db.cliWith({ env }, ...words(`${PLACE} ${flags} --json price`));
    return {
      code,
      price: JSON.parse(stdout).price,
      notes: stderr.split('\n').filter((line) => /reference/.test(line)),
    };
  };
  const quote = (ltp: unknown, minutes: number) =>
    redis.cli(
      'set',
      'market_data:TCS',
      JSON.stringify({ ltp, timestamp: new Date(Date.now() - minutes * 60_000).toISOString() }),
    );

  it('is the fresh quote, unless the order says its own', async () => {
    await quote(4012.5, 1);
    expect(await place()).toEqual({ code: 0, price: 4012.5, notes: [] });
    expect(await place('--price 7')).toEqual({ code: 0, price: 7, notes: [] });
    expect(await place('--price 8 --type LIMIT')).toEqual({ code: 0, price: 8, notes: [] });
  });

  it('is none without a quote, or with one that is stale or unreadable, which is said', async () => {
    expect(await place()).toEqual({ code: 0, price: 0, notes: [] });
    await quote(4012.5, 16);
    expect(await place()).toEqual({
      code: 0,
      price: 0,
      notes: ['No reference price: the quote of TCS is stale.'],
    });
    await quote('x', 1);
    expect((await place()).notes).toEqual([
      'No reference price: the quote of TCS cannot be read: ltp is no number of rupees.',
    ]);
  });

  it('is what MAX_POSITION_SIZE is measured with', async () => {
    await given.user(db, 'v');
    await db.json(...words('risk set v MAX_POSITION_SIZE 1000'));
    const ordered = PLACE.replace('--user u', '--user v');
    await quote(300, 1);
    const refused = await db.cli(...words(ordered));
    expect(refused).toMatchObject({ code: 5, stderr: expect.stringContaining('would be worth ₹1,500.00') });
    await quote(100, 1);
    expect((await db.cli(...words(ordered))).code).toBe(0);
  });

  it('is none while Redis is away or silent, which never holds the order up', async () => {
    const away = await place('--dry-run', { REDIS_URL: 'redis://127.0.0.1:1' });
    expect(away).toMatchObject({ code: 0, price: 0 });
    expect(away.notes).toHaveLength(1);
    expect(away.notes[0]).toContain('cannot be reached');
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const env = { REDIS_URL: `redis://127.0.0.1:${port}`, PINNACLE_REDIS_TIMEOUT: '400ms' };
    const slow = await place('', env);
    expect(slow).toMatchObject({ code: 8, price: 0, notes: [expect.stringContaining('no answer in time')] });
    silent.close();
  });

  it('is none without a Redis', async () => {
    expect(await place('', { REDIS_URL: '' })).toEqual({ code: 0, price: 0, notes: [] });
  });
});
