import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { start } from '../helpers/process.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

const LIST = 'user_notifications:u';
const SEND = [
  'notification',
  'send',
  '--user',
  'u',
  '--type',
  'RISK_ALERT',
  '--title',
  't',
  '--message',
  'm',
];
const ORDER = ['order', 'place', '--user', 'u', '--symbol', 'TCS', '--side', 'BUY', '--quantity', '5'];
const isOurs = (id: string) => id.startsWith('ntf_');

describe.each(servers)('lists and sets that services write to, too, beside $name', ({ open }) => {
  let db: TestDatabase;
  let redis: TestRedis;
  let theirs: Redis;
  beforeAll(async () => {
    [db, redis] = await Promise.all([open(), startRedis()]);
    db.env['REDIS_URL'] = redis.url;
    theirs = new Redis(redis.url);
    await given.user(db, 'u');
  });
  afterAll(async () => {
    theirs?.disconnect();
    await Promise.all([db?.close(), redis?.stop()]);
  });
  beforeEach(async () => {
    await theirs.flushall();
    await db.query('DELETE FROM notifications');
    await db.json('realtime', 'rebuild');
  });

  const send = async () => (await db.json<{ notification_id: string }>(...SEND)).notification_id;
  const push = (id: string) => theirs.multi().lpush(LIST, id).ltrim(LIST, 0, 99).exec();
  const list = () => theirs.lrange(LIST, 0, -1);
  const doctor = async () => (await db.cli('doctor', 'realtime')).code;

  it('keep the ids of others at their places', async () => {
    await push('7');
    const first = await send();
    await push('8');
    const second = await send();
    expect(await list()).toEqual([second, '8', first, '7']);
    expect(await doctor()).toBe(0);
    await db.query('DELETE FROM notifications WHERE notification_id = $1', [first]);
    const { code, stdout } = await db.cli('doctor', 'realtime', '--json');
    expect([code, JSON.parse(stdout)]).toEqual([
      6,
      expect.arrayContaining([{ key: LIST, detail: 'does not hold the newest in order' }]),
    ]);
    for (const argv of [
      ['realtime', 'rebuild'],
      ['realtime', 'drain'],
      ['retention', 'run', '--yes'],
    ]) {
      expect((await db.cli(...argv)).code).toBe(0);
      expect(await list()).toEqual([second, '8', '7']);
    }
    expect(await doctor()).toBe(0);
  });

  it('are not cleared where nothing of ours is left', async () => {
    const only = await send();
    await push('7');
    await db.query('DELETE FROM notifications');
    expect((await db.cli('retention', 'run', '--yes')).code).toBe(0);
    expect(await list()).toEqual(['7']);
    expect(await theirs.exists(`notification:${only}`)).toBe(0);
    await theirs.lpush('user_notifications:nobody', '9');
    for (const argv of [
      ['retention', 'run', '--yes'],
      ['realtime', 'rebuild'],
    ])
      expect((await db.cli(...argv)).code).toBe(0);
    expect(await theirs.lrange('user_notifications:nobody', 0, -1)).toEqual(['9']);
  });

  it('lose to ours no more than their own LTRIM takes', async () => {
    for (let i = 0; i < 100; i++) await theirs.lpush(LIST, `their-${i}`);
    const ours = [await send(), await send()].reverse();
    const held = await list();
    expect(held.slice(0, 2)).toEqual(ours);
    expect(held.slice(2)).toEqual(Array.from({ length: 100 }, (_, i) => `their-${99 - i}`));
    await push('next');
    expect(await list()).toEqual(['next', ...ours, ...held.slice(2, 99)]);
    expect(await doctor()).toBe(0);
    // What they push on drives ours out, which is no difference, and a rebuild does not bring it back.
    for (let i = 0; i < 100; i++) await push(`more-${i}`);
    expect(await doctor()).toBe(0);
    await db.json('realtime', 'rebuild');
    expect((await list()).filter(isOurs)).toEqual([]);
    const next = await send();
    expect((await list()).filter(isOurs)).toEqual([next]);
  });

  it('live as long as their owner says, or longer', async () => {
    await push('7');
    await theirs.sadd('user_orders:u', '4b0c1d');
    await send();
    await db.json(...ORDER);
    for (const key of [LIST, 'user_orders:u']) expect([key, await theirs.ttl(key)]).toEqual([key, -1]);
    for (const argv of [
      ['realtime', 'rebuild'],
      ['retention', 'run', '--yes'],
    ])
      expect((await db.cli(...argv)).code).toBe(0);
    for (const key of [LIST, 'user_orders:u']) expect([key, await theirs.ttl(key)]).toEqual([key, -1]);
    expect(await doctor()).toBe(0);
    await theirs.expire(LIST, 60);
    await theirs.expire('user_orders:u', 60);
    await send();
    await db.json(...ORDER);
    expect(await theirs.ttl(LIST)).toBeGreaterThan(29 * 86_400);
    expect(await theirs.ttl('user_orders:u')).toBeGreaterThan(6 * 86_400);
  });

  it('are named by doctor, and lose ids of others only by name', async () => {
    await push('7');
    await send();
    await push('8');
    const checked = await db.cli('doctor', 'realtime');
    expect(checked).toMatchObject({ code: 0 });
    expect(checked.stderr).toMatch(/2 keys: (7|8) in user_notifications:u, (7|8) in user_notifications:u\./);
    const refused = await db.cli('realtime', 'rebuild', '--delete-foreign');
    const [name = ''] = /(?<=--confirm )[\w-]+/.exec(refused.stderr) ?? [];
    expect(await db.json('realtime', 'rebuild', '--delete-foreign', '--confirm', name)).toMatchObject({
      foreign: 2,
    });
    const left = await list();
    expect([left.length, left.every(isOurs)]).toEqual([1, true]);
  });

  it('may hold anything, as may keys beside them', async () => {
    const odd = ['a\0b', 'x\ny', 'quote\'"', '{"a":1}', ' ', 'ntf_', 'é'.repeat(9_000)];
    for (const id of odd) {
      await push(id);
      await theirs.sadd('user_orders:u', id);
      for (const family of ['order', 'user_orders', 'notification', 'user_notifications', 'halt'])
        await theirs.set(`${family}:${id}`, id);
      await theirs.set(`session:u:${id}`, id);
      await theirs.set(`market_data:${id}`, id);
    }
    const before = await theirs.dbsize();
    await send();
    const ended = await Promise.all(
      [
        ['doctor', 'realtime'],
        ['retention', 'run', '--yes'],
        ['realtime', 'rebuild'],
      ].map((argv) => db.cli(...argv)),
    );
    expect(ended.map(({ code, stderr }) => [code, code === 0 ? '' : stderr])).toEqual(
      ended.map(() => [0, '']),
    );
    expect((await list()).filter((id) => odd.includes(id))).toEqual(odd.toReversed());
    expect(await theirs.smembers('user_orders:u')).toEqual(expect.arrayContaining(odd));
    // A notification, and its stream.
    expect(await theirs.dbsize()).toBe(before + 2);
  });

  it('are ours alone where nobody else writes to them', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 4; i++) ids.unshift(await send());
    const [a = '', b = '', c = '', d = ''] = ids;
    await theirs.del(LIST);
    await theirs.rpush(LIST, d, a, a, c, `ntf_${'0'.repeat(26)}`);
    expect(await doctor()).toBe(6);
    await db.json('realtime', 'rebuild');
    expect(await list()).toEqual([a, b, c, d]);
    await theirs.ltrim(LIST, 0, 1);
    await db.json('realtime', 'rebuild');
    expect(await list()).toEqual(ids);
    expect(await doctor()).toBe(0);
  });
});

describe.each(servers)('a list under many hands beside the $name', ({ open }) => {
  it('has every id that was pushed, ours in their order, whatever breaks', async () => {
    const [db, redis] = await Promise.all([open(), startRedis()]);
    const theirs = new Redis(redis.url);
    try {
      db.env['REDIS_URL'] = redis.url;
      await given.user(db, 'u');
      let pushed = 0;
      let over = false;
      const pushing = (async () => {
        for (; !over; await sleep(1)) await theirs.lpush(LIST, `their-${pushed++}`);
      })();
      const cutting = (async () => {
        for (; !over; await sleep(Math.random() * 40))
          for (const [, id = ''] of String(await theirs.client('LIST')).matchAll(
            /^id=(\d+) .*name=pinnacle/gm,
          ))
            await theirs.client('KILL', 'ID', id);
      })();
      const senders = Array.from({ length: 12 }, () => start(db.env, ...SEND));
      const ends = await Promise.all(senders.map(({ ended }) => ended));
      over = true;
      await Promise.all([pushing, cutting]);
      expect(ends.filter(({ code }) => code !== 0 && code !== 8)).toEqual([]);
      expect((await db.cli('realtime', 'drain')).code).toBe(0);
      const held = await theirs.lrange(LIST, 0, -1);
      const others = held.filter((id) => !isOurs(id));
      expect(others).toEqual(Array.from({ length: pushed }, (_, i) => `their-${pushed - 1 - i}`));
      expect((await db.cli('doctor', 'realtime')).code).toBe(0);
      await db.json('realtime', 'rebuild');
      expect(await theirs.lrange(LIST, 0, -1)).toEqual(held);
    } finally {
      theirs.disconnect();
      await Promise.all([db.close(), redis.stop()]);
    }
  });
});
