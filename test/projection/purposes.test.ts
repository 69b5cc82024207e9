import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { listening, until } from '../helpers/topologies.ts';
import { words } from '../helpers/words.ts';

const PLACE = 'order place --user u --symbol TCS --side BUY --quantity 5 --type LIMIT --price 10';
const SEND = 'notification send --user u --type RISK_ALERT --title t --message m';

describe.each(servers)('a Redis for each purpose beside $name', ({ open }) => {
  let db: TestDatabase;
  let first: TestRedis;
  let second: TestRedis;
  let clients: Record<'market' | 'orders' | 'sessions' | 'notifications', Redis>;
  let key: string;
  beforeAll(async () => {
    [db, first, second] = await Promise.all([open(), startRedis(), startRedis()]);
    await given.user(db, 'other');
    const add = 'user add --user-id u --name Asha --email asha@example.com';
    key = (await db.json<{ api_key: string }>(...words(add))).api_key;
    Object.assign(db.env, {
      REDIS_URL: first.url,
      REDIS_MARKET_URL: `redis://127.0.0.1:${first.port}/1`,
      REDIS_SESSIONS_URL: `redis://127.0.0.1:${first.port}/2`,
      REDIS_NOTIFICATIONS_URL: second.url,
    });
    clients = {
      market: new Redis(`redis://127.0.0.1:${first.port}/1`),
      orders: new Redis(first.url),
      sessions: new Redis(`redis://127.0.0.1:${first.port}/2`),
      notifications: new Redis(second.url),
    };
  });
  afterAll(async () => {
    for (const client of Object.values(clients ?? {})) client.disconnect();
    await Promise.all([first?.stop(), second?.stop(), db?.close()]);
  });
  beforeEach(async () => {
    await Promise.all(Object.values(clients).map((client) => client.flushdb()));
    await db.query('DELETE FROM realtime_outbox');
  });

  const run = (line: string) => db.cli(...words(line));
  const names = async (purpose: keyof typeof clients) => {
    const keys = await clients[purpose].keys('*');
    return [...new Set(keys.map((name) => name.split(':')[0]))].sort();
  };

  it('has what belongs to it, and nothing else', async () => {
    await db.json(...words(`${PLACE} --order-id o1`));
    await db.json(...words('order fill o1 --quantity 5 --price 10'));
    await db.json(...words('risk halt other --reason r --yes'));
    const set = await run('market set TCS --ltp 10');
    expect(set).toMatchObject({
      code: 0,
      stderr: expect.stringContaining(`-> Redis 127.0.0.1:${first.port}/1\n`),
    });
    const login = await db.cliWith({ stdin: `${key}\n` }, 'user', 'login', '--json');
    expect(login.code).toBe(0);
    expect(await names('market')).toEqual(['market_data']);
    expect(await names('orders')).toEqual(['halt', 'order', 'orders', 'user_orders']);
    expect(await names('sessions')).toEqual(['session']);
    expect(await names('notifications')).toEqual(['notification', 'notifications', 'user_notifications']);
    expect((await db.json<unknown[]>(...words('market list'))).length).toBe(1);
    expect((await db.json<unknown[]>(...words('user logins list u'))).length).toBe(1);
    expect(await run('order show o1 --live')).toMatchObject({ code: 0, stderr: '' });
    expect((await run('doctor --check redis --json')).stdout).toContain('all 4 answer');
    expect(await run('user logins revoke-all u')).toMatchObject({ code: 0 });
    expect(await names('sessions')).toEqual([]);
  });

  it('is rebuilt, compared and kept to its lifetimes where it is', async () => {
    await db.json(...words(`${PLACE} --order-id o2`));
    await db.json(...words(SEND));
    await db.json(...words('market set TCS --ltp 10'));
    await Promise.all([clients.orders.flushdb(), clients.notifications.flushdb()]);
    expect((await run('doctor realtime')).code).toBe(6);
    await clients.notifications.set('order:theirs', '{"id":1}');
    await clients.orders.set('order:theirs', '{"id":1}');
    expect(await db.json(...words('realtime rebuild --yes'))).toMatchObject({ strays: 0, foreign: 1 });
    expect(await run('doctor realtime')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('1 key: order:theirs'),
    });
    await clients.market.persist('market_data:TCS');
    await clients.orders.persist('order:o2');
    await clients.orders.set('market_data:TCS', '{"symbol":"TCS","ltp":1,"timestamp":1}');
    const rows = await db.json<Record<string, unknown>[]>(...words('retention run --yes'));
    const repaired = Object.fromEntries(rows.map((row) => [row['kind'], row['repaired']]));
    expect(repaired).toMatchObject({ market_data: 1, order_status: 1 });
    expect(await clients.orders.ttl('market_data:TCS')).toBe(-1);
    const named = await run('realtime rebuild --delete-foreign');
    const [name = ''] = /(?<=--confirm )[\w-]+/.exec(named.stderr) ?? [];
    await db.json(...words(`realtime rebuild --delete-foreign --confirm ${name}`));
    expect(await clients.orders.exists('order:theirs')).toBe(0);
    expect(await clients.notifications.exists('order:theirs')).toBe(1);
  });

  it('is watched where it is', async () => {
    for (const [line, change, redis] of [
      ['order watch --count 1 --json order_id', `${PLACE} --order-id o3`, first],
      ['notification watch --count 1 --json title', SEND, second],
    ] as const) {
      const watching = run(line);
      await listening([redis]);
      await db.json(...words(change));
      expect(await watching).toMatchObject({ code: 0, stdout: expect.stringMatching(/"(o3|t)"/) });
    }
  });

  it('hears each event on a channel as well, where one is named', async () => {
    const subscriber = new Redis(first.url);
    const heard: [channel: string, id: string][] = [];
    subscriber.on('message', (channel, text) => heard.push([channel, JSON.parse(text).order_id]));
    await subscriber.subscribe('order_updates', 'other');
    const env = { PINNACLE_REDIS_ORDERS_CHANNEL: 'order_updates', PINNACLE_REDIS_PREFIX: 'live:' };
    try {
      expect((await db.cliWith({ env }, ...words(`${PLACE} --order-id o6`))).code).toBe(0);
      await db.json(...words(`${PLACE} --order-id o7`));
      expect((await db.cliWith({ env }, 'order', 'cancel', 'o6')).code).toBe(0);
      await until(() => heard.length >= 2);
      expect(heard).toEqual([
        ['order_updates', 'o6'],
        ['order_updates', 'o6'],
      ]);
    } finally {
      subscriber.disconnect();
    }
    const bad = { env: { PINNACLE_REDIS_ORDERS_CHANNEL: 'two words' } };
    expect(await db.cliWith(bad, ...words('realtime drain'))).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('must be the name of a channel'),
    });
  });

  describe('that is away', () => {
    beforeEach(() => second.kill());
    afterEach(() => second.start());

    it('keeps what goes to it, and nothing that goes to others', async () => {
      const placed = await run(`${PLACE} --order-id o4`);
      expect(placed).toMatchObject({ code: 0 });
      const filled = await run('order fill o4 --quantity 5 --price 10');
      expect(filled).toMatchObject({
        code: 8,
        stderr: expect.stringContaining(`Redis 127.0.0.1:${second.port} `),
      });
      expect(JSON.parse((await clients.orders.get('order:o4')) ?? '{}')).toMatchObject({ status: 'FILLED' });
      const kinds = (await db.query('SELECT DISTINCT kind FROM realtime_outbox')).rows;
      expect(kinds).toEqual([{ kind: 'notification' }]);
      expect(await run('market set TCS --ltp 10')).toMatchObject({ code: 0 });

      // What waits longest goes to the one that is away.
      const without = { env: { REDIS_URL: 'redis://127.0.0.1:1' } };
      expect((await db.cliWith(without, ...words(`${PLACE} --order-id o5`))).code).toBe(8);
      const drained = await run('realtime drain');
      expect(drained).toMatchObject({ code: 8, stderr: expect.stringContaining('Waiting: 1 change') });
      expect(await clients.orders.exists('order:o5')).toBe(1);
      await second.start();
      expect(await db.json(...words('realtime drain'))).toEqual({ drained: 1, pending: 0 });
      expect(await run('doctor realtime')).toMatchObject({ code: 6 });
      await db.json(...words('realtime rebuild --yes'));
      expect(await run('doctor realtime')).toMatchObject({ code: 0 });
      await second.kill();
    });
  });

  it('shares its connection with others that have its URL', async () => {
    const opened = async () =>
      Number(/total_connections_received:(\d+)/.exec(await clients.orders.info('stats'))?.[1]);
    const one = { REDIS_MARKET_URL: '', REDIS_SESSIONS_URL: first.url, REDIS_NOTIFICATIONS_URL: first.url };
    const before = await opened();
    expect((await db.cliWith({ env: one }, 'doctor', '--check', 'redis')).code).toBe(0);
    expect((await opened()) - before).toBe(1);
    await db.cli('doctor', '--check', 'redis');
    expect((await opened()) - before).toBe(1 + 3);
  });
});
