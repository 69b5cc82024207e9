import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

const DAY = 86_400;
const ORDER = ['order', 'place', '--user', 'u', '--symbol', 'TCS', '--side', 'BUY', '--quantity', '5'];

describe.each(databases)('what Redis shows of the book in the $name database', ({ open }) => {
  let redis: TestRedis;
  let db: TestDatabase;
  beforeAll(async () => {
    [redis, db] = await Promise.all([startRedis(), open()]);
    db.env['REDIS_URL'] = redis.url;
    await given.user(db, 'u');
  });
  afterAll(() => Promise.all([redis?.stop(), db?.close()]));
  beforeEach(() => redis.cli('flushall'));

  const stored = async (key: string) => JSON.parse(await redis.cli('get', key));
  const place = (id: string) => db.json(...ORDER, '--order-id', id);

  it('is an order as JSON and the set of its trader, for 7 days from its last change', async () => {
    const placed = await place('ord-1');
    const { product, exchange, trigger_price, ...columns } = placed;
    expect([product, exchange, trigger_price]).toEqual([null, null, null]);
    expect(await stored('order:ord-1')).toEqual(columns);
    expect(await redis.cli('smembers', 'user_orders:u')).toBe('ord-1');
    const due = Math.floor(Date.parse(String(placed['updated_at'])) / 1_000) + 7 * DAY;
    for (const key of ['order:ord-1', 'user_orders:u'])
      expect(await redis.cli('expiretime', key)).toBe(String(due));
    const { status } = await db.json('order', 'fill', 'ord-1', '--quantity', '2', '--price', '10');
    expect(await stored('order:ord-1')).toMatchObject({ status, filled_quantity: 2 });
  });

  it('is a notification as JSON, and the newest of a trader in a list', async () => {
    await place('ord-2');
    await db.json('order', 'fill', 'ord-2', '--quantity', '5', '--price', '10');
    const [newest = {}] = await db.json<Record<string, unknown>[]>('notification', 'list', '--user', 'u');
    const id = String(newest['notification_id']);
    expect(await stored(`notification:${id}`)).toEqual(newest);
    expect((await redis.cli('lrange', 'user_notifications:u', '0', '-1')).split('\n')[0]).toBe(id);
    await db.json('notification', 'read', id);
    expect((await stored(`notification:${id}`)).read_at).toMatch(/Z$/);
  });

  it('tells of both in streams', async () => {
    await place('ord-3');
    await db.json('order', 'fill', 'ord-3', '--quantity', '5', '--price', '10');
    expect(await redis.cli('xlen', 'orders')).toBe('2');
    expect(await redis.cli('xlen', 'notifications')).toBe('1');
  });

  it('is nothing of a dry run, nor of a refusal', async () => {
    expect((await db.cli(...ORDER, '--order-id', 'never', '--dry-run')).code).toBe(0);
    await redis.cli('flushall');
    expect((await db.cli('order', 'cancel', 'no-such')).code).toBe(3);
    expect(await redis.cli('dbsize')).toBe('0');
    expect((await db.query('SELECT FROM realtime_outbox')).rows).toEqual([]);
  });

  it('is nothing of history that is imported', async () => {
    const trades =
      'trade_id,symbol,side,quantity,price,executed_at\nt1,WIPRO,BUY,1,10,2021-01-04T10:00:00+05:30\n';
    const done = await db.cliWith({ stdin: trades }, 'order', 'import', '-', '--as', 'trades', '--user', 'u');
    expect(done.code).toBe(0);
    expect(await redis.cli('dbsize')).toBe('0');
  });

  it('stands behind a prefix of its own', async () => {
    const env = { ...db.env, PINNACLE_REDIS_PREFIX: 'live:' };
    expect((await db.cliWith({ env }, ...ORDER, '--order-id', 'ord-p')).code).toBe(0);
    expect((await redis.cli('keys', '*')).split('\n').sort()).toEqual([
      'live:order:ord-p',
      'live:orders',
      'live:user_orders:u',
    ]);
  });

  it('waits while Redis is away, says so once, and is brought later', async () => {
    await redis.kill();
    const { code, stdout, stderr } = await db.cli(...ORDER, '--order-id', 'late', '--json');
    expect([code, JSON.parse(stdout).order_id]).toEqual([8, 'late']);
    expect(stderr.match(/warning: Redis .* cannot be reached/g)).toHaveLength(1);
    expect((await db.cli('user', 'list')).code).toBe(0);
    const waiting = await db.cli('realtime', 'drain', '--json');
    expect(waiting).toMatchObject({ code: 8, stdout: '' });
    expect(JSON.parse(waiting.stderr.split('\n').at(-2) ?? '').error).toMatchObject({
      code: 'REDIS_UNREACHABLE',
      message: expect.stringContaining('Waiting: 1 change'),
      retryable: true,
    });
    await redis.start();
    await db.json('realtime', 'rebuild');
    expect(await db.json('realtime', 'drain')).toEqual({ drained: 0, pending: 0 });
    expect(await stored('order:late')).toMatchObject({ order_id: 'late' });
    expect((await db.cli('doctor', 'realtime')).code).toBe(0);
  });

  it('comes back whole after everything was flushed', async () => {
    await place('whole');
    await db.json('order', 'fill', 'whole', '--quantity', '5', '--price', '10');
    await db.json('realtime', 'rebuild');
    const everything = async () => {
      const keys = (await redis.cli('keys', '*'))
        .split('\n')
        .filter((key) => key.includes(':'))
        .sort();
      return Promise.all(
        keys.map(async (key) => [key, await redis.cli('dump', key), await redis.cli('expiretime', key)]),
      );
    };
    const before = await everything();
    expect(before.length).toBeGreaterThan(3);
    await redis.cli('flushall');
    const lost = await db.cli('doctor', 'realtime', '--json');
    expect([lost.code, JSON.parse(lost.stdout).length]).toEqual([6, before.length]);
    await db.json('realtime', 'rebuild');
    expect((await everything()).map(([key, , expires]) => [key, expires])).toEqual(
      before.map(([key, , expires]) => [key, expires]),
    );
    expect((await db.cli('doctor', 'realtime')).code).toBe(0);
  });

  it('mends what others left where a row has its key, and keys of rows that are gone', async () => {
    await place('mine');
    await place('gone');
    await db.json('realtime', 'rebuild');
    await db.query("DELETE FROM orders WHERE order_id = 'gone'");
    await redis.cli('del', 'order:mine');
    await redis.cli('lpush', 'order:mine', 'not a string');
    await redis.cli('set', 'user_notifications:u', 'not a list');
    const { code, stdout } = await db.cli('doctor', 'realtime', '--json');
    expect(code).toBe(6);
    expect(JSON.parse(stdout)).toEqual(
      expect.arrayContaining([
        { key: 'order:mine', detail: 'is not JSON' },
        { key: 'user_notifications:u', detail: 'is not a list' },
        { key: 'order:gone', detail: 'is not in the book' },
        { key: 'user_orders:u', detail: 'holds gone, which it should not' },
      ]),
    );
    expect(await db.json('realtime', 'rebuild')).toMatchObject({ strays: 2, foreign: 0 });
    expect((await db.cli('doctor', 'realtime')).code).toBe(0);
  });

  it('keeps what others wrote and only Redis has, until it is to be deleted by name', async () => {
    await db.json('realtime', 'rebuild');
    await redis.cli('set', 'order:4b0c1d', '{"id":"4b0c1d","symbol":"TCS","qty":1}');
    await redis.cli('hset', 'order:hash', 'symbol', 'TCS');
    await redis.cli('set', 'notification:7', '{"text":"hello"}');
    await redis.cli('sadd', 'user_orders:u', '4b0c1d');
    await redis.cli('sadd', 'user_orders:nobody', '4b0c1d');
    const reads = [
      ['get', 'order:4b0c1d'],
      ['hgetall', 'order:hash'],
      ['get', 'notification:7'],
      ['sismember', 'user_orders:u', '4b0c1d'],
      ['smembers', 'user_orders:nobody'],
    ];
    const contents = () => Promise.all(reads.map((read) => redis.cli(...read)));
    const before = await contents();
    const checked = await db.cli('doctor', 'realtime');
    expect(checked).toMatchObject({ code: 0 });
    for (const name of [
      'order:4b0c1d',
      'order:hash',
      'notification:7',
      '4b0c1d in user_orders:u',
      'user_orders:nobody',
    ])
      expect(checked.stderr).toContain(name);
    expect(await db.json('realtime', 'rebuild', '--yes')).toMatchObject({ strays: 0, foreign: 5 });
    await db.cli('realtime', 'drain');
    await db.cli('retention', 'run', '--yes');
    expect(await contents()).toEqual(before);

    const refused = await db.cli('realtime', 'rebuild', '--delete-foreign', '--yes');
    expect(refused).toMatchObject({ code: 4 });
    expect(await contents()).toEqual(before);
    const [name = ''] = /(?<=--confirm )[\w-]+/.exec(refused.stderr) ?? [];
    expect(await db.json('realtime', 'rebuild', '--delete-foreign', '--confirm', name)).toMatchObject({
      foreign: 5,
    });
    expect(await redis.cli('keys', '*4b0c1d*')).toBe('');
    expect(await redis.cli('smembers', 'user_orders:u')).not.toContain('4b0c1d');
    expect(await db.json('realtime', 'rebuild')).toMatchObject({ foreign: 0 });
  });

  it('finds a key that lives for ever, and one that says something else', async () => {
    await place('lives');
    await db.json('realtime', 'rebuild');
    await redis.cli('persist', 'order:lives');
    expect(JSON.parse((await db.cli('doctor', 'realtime', '--json')).stdout)).toEqual([
      { key: 'order:lives', detail: 'never expires' },
    ]);
    await redis.cli(
      'set',
      'order:lives',
      JSON.stringify({ ...(await stored('order:lives')), status: 'FILLED' }),
    );
    expect(JSON.parse((await db.cli('doctor', 'realtime', '--json')).stdout)).toEqual([
      { key: 'order:lives', detail: 'differs in status' },
    ]);
  });
});
