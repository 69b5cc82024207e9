import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ORDER_COLUMNS } from '../../../src/trading/ledger/order-store.ts';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { startRedis, type TestRedis } from '../../helpers/redis.ts';

const DAY = 86_400;

const LOGIN = `lgn_${'0'.repeat(26)}`;
const order = JSON.stringify(Object.fromEntries(ORDER_COLUMNS.map((name) => [name, null])));
const quote = (symbol: string) => `{"symbol":"${symbol}","ltp":1,"timestamp":1769767200}`;

/** Keys of every kind as this program writes them, the seconds they live (0 for ever), and the most they may live. */
const KEYS: readonly [key: string, value: string, lives: number, most: number][] = [
  ['market_data:A', quote('A'), 0, 30 * DAY],
  ['market_data:B', quote('B'), 90 * DAY, 30 * DAY],
  ['market_data:C', quote('C'), 5 * DAY, 5 * DAY],
  ['order:o1', order, 0, 7 * DAY],
  ['order:o2', order, 8 * DAY, 7 * DAY],
  ['order:o3', order, 2 * DAY, 2 * DAY],
  [`session:u:${LOGIN}`, 'x', 0, 7 * DAY],
  [`session:u:v:${LOGIN}`, 'x', 30 * DAY, 7 * DAY],
  [`session:w:${LOGIN}`, 'x', DAY, DAY],
];

/** Keys of others, of other names and of ours, some of which live for ever and some too long for us. */
const FOREIGN = [
  'session:web',
  'orders:1',
  'my:order:1',
  'cache',
  'marketdata:X',
  'market_data:D',
  'order:4b0c1d',
  'session:u:4b0c1d',
  'notification:4b0c1d',
];

type Row = Record<string, unknown>;
const counts = (rows: Row[], column: string) =>
  Object.fromEntries(rows.flatMap(({ kind, [column]: n }) => (n === null ? [] : [[kind, n]])));

describe.each(databases)('retention of Redis beside $name', ({ open }) => {
  let db: TestDatabase;
  let redis: TestRedis;
  beforeAll(async () => {
    [db, redis] = await Promise.all([open(), startRedis()]);
    await given.user(db, 'u');
    db.env['REDIS_URL'] = redis.url;
  });
  afterAll(() => Promise.all([db?.close(), redis?.stop()]));
  beforeEach(async () => {
    await redis.cli('flushall');
    await db.query('DELETE FROM notifications');
  });

  const seed = async (prefix = '') => {
    for (const [key, value, lives] of KEYS)
      await redis.cli('set', prefix + key, value, ...(lives ? ['ex', String(lives)] : []));
    await redis.cli('sadd', `${prefix}user_orders:u`, 'o1', 'o2');
    for (const key of FOREIGN) await redis.cli('set', key, '{"ltp":1,"timestamp":1}');
    await redis.cli('set', 'market_data:E', '{}', 'ex', String(40 * DAY));
    await redis.cli('sadd', 'user_orders:shared', 'o1', '4b0c1d');
    await redis.cli('rpush', 'user_notifications:u', '4b0c1d');
  };
  const lives = async (key: string) => Number(await redis.cli('ttl', key));

  it('plan counts the keys that live too long, and run gives them an end', async () => {
    await seed();
    const planned = await db.json<Row[]>('retention', 'plan');
    const due = { market_data: 2, order_status: 3, user_sessions: 2, live_notifications: 0 };
    expect(counts(planned, 'due')).toMatchObject(due);
    expect(counts(planned, 'rows')).toMatchObject({
      market_data: 5,
      order_status: 6,
      user_sessions: 4,
      live_notifications: 2,
    });
    expect(await lives('order:o1')).toBe(-1);
    const dry = await db.json<Row[]>('retention', 'run', '--dry-run');
    expect(counts(dry, 'repaired')).toMatchObject(due);
    expect(await lives('order:o1')).toBe(-1);
    const rows = await db.json<Row[]>('retention', 'run', '--yes');
    expect(counts(rows, 'repaired')).toMatchObject(due);
    for (const [key, , , most] of [...KEYS, ['user_orders:u', '', 0, 7 * DAY] as const]) {
      const left = await lives(key);
      expect({ key, isRight: left > most - 60 && left <= most, left }).toMatchObject({ key, isRight: true });
    }
    for (const key of [...FOREIGN, 'user_orders:shared', 'user_notifications:u'])
      expect([key, await lives(key)]).toEqual([key, -1]);
    expect(await lives('market_data:E')).toBeGreaterThan(39 * DAY);
    expect(await redis.cli('lrange', 'user_notifications:u', '0', '-1')).toBe('4b0c1d');
    expect(counts(await db.json<Row[]>('retention', 'run', '--yes'), 'repaired')).toMatchObject({
      ...{ market_data: 0, order_status: 0, user_sessions: 0, live_notifications: 0 },
    });
  });

  it('events are kept as long as what they tell of', async () => {
    const at = (days: number) => String(Date.now() - days * DAY * 1_000);
    for (const [stream, age] of [
      ['orders', 8],
      ['orders', 6],
      ['notifications', 31],
      ['notifications', 31],
      ['notifications', 29],
    ] as const)
      await redis.cli('xadd', stream, `${at(age)}-*`, 'order', '{}');
    const due = { order_events: 1, notification_events: 2 };
    expect(counts(await db.json<Row[]>('retention', 'plan'), 'due')).toMatchObject(due);
    expect(await redis.cli('xlen', 'notifications')).toBe('3');
    const rows = await db.json<Row[]>('retention', 'run', '--yes');
    expect(counts(rows, 'deleted')).toMatchObject(due);
    expect([await redis.cli('xlen', 'orders'), await redis.cli('xlen', 'notifications')]).toEqual(['1', '1']);
    await redis.cli('del', 'orders');
    await redis.cli('set', 'orders', 'x');
    expect(counts(await db.json<Row[]>('retention', 'run', '--yes'), 'deleted')).toMatchObject({
      order_events: 0,
    });
  });

  it('keeps to its prefix', async () => {
    await seed();
    await seed('live:');
    const env = { PINNACLE_REDIS_PREFIX: 'live:' };
    expect((await db.cliWith({ env }, 'retention', 'run', '--yes')).code).toBe(0);
    expect(await lives('live:order:o1')).toBeGreaterThan(0);
    expect(await lives('order:o1')).toBe(-1);
  });

  it('a notification that is deleted is gone from Redis, and from its list', async () => {
    await redis.cli('flushall');
    const send = async (title: string) => {
      const { notification_id } = await db.json<{ notification_id: string }>(
        ...[
          'notification',
          'send',
          '--user',
          'u',
          '--type',
          'SYSTEM_ERROR',
          '--title',
          title,
          '--message',
          'm',
        ],
      );
      return notification_id;
    };
    const [old, young] = [await send('old'), await send('young')];
    const list = () => redis.cli('lrange', 'user_notifications:u', '0', '-1');
    expect((await list()).split('\n')).toEqual([young, old]);
    await db.query(
      "UPDATE notifications SET created_at = created_at - interval '31 days' WHERE notification_id = $1",
      [old],
    );
    // As somebody may have left it: it would be there for ever.
    await redis.cli('persist', `notification:${old}`);
    // The row is still there, and so only its life and the list are due.
    expect(counts(await db.json<Row[]>('retention', 'plan'), 'due')).toMatchObject({
      ...{ notifications: 1, live_notifications: 2 },
    });
    const rows = await db.json<Row[]>('retention', 'run', '--yes');
    expect(counts(rows, 'deleted')).toMatchObject({ notifications: 1 });
    expect(counts(rows, 'repaired')).toMatchObject({ live_notifications: 2 });
    expect(await redis.cli('exists', `notification:${old}`)).toBe('0');
    expect(await redis.cli('exists', `notification:${young}`)).toBe('1');
    expect(await list()).toBe(young);
    expect((await db.cli('doctor', 'realtime')).code).toBe(0);
  });

  it.each([
    ['away', () => 'redis://127.0.0.1:1/0', 'Redis 127.0.0.1:1'],
    ['not permitting it', () => redis.url.replace('//', '//few:p@'), 'is not permitted this'],
  ])('while Redis is %s the rows are deleted, and it ends 8', async (_how, url, said) => {
    await redis.cli('acl', 'setuser', 'few', 'on', '>p', '~*', '+scan', '+client|setname');
    await redis.cli('set', 'order:o1', 'x');
    await db.query(
      `INSERT INTO notifications (notification_id, notification_type, title, message, created_at)
       VALUES ('n', 'SYSTEM_ERROR', 't', 'm', now() - interval '31 days')`,
    );
    const away = { env: { REDIS_URL: url() } };
    const { code, stdout, stderr } = await db.cliWith(away, 'retention', 'run', '--yes');
    expect({ code, stdout }).toEqual({ code: 8, stdout: '' });
    expect(stderr).toContain('1 row deleted. ');
    expect(stderr).toContain(said);
    expect((await db.query('SELECT count(*)::integer AS n FROM notifications')).rows).toEqual([{ n: 0 }]);
  });
});
