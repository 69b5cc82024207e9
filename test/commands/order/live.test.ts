import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { startRedis, type TestRedis } from '../../helpers/redis.ts';
import { words } from '../../helpers/words.ts';

describe.each(databases)('order show --live beside the $name', ({ open }) => {
  let redis: TestRedis;
  let db: TestDatabase;
  beforeAll(async () => {
    [redis, db] = await Promise.all([startRedis(), open()]);
    db.env['REDIS_URL'] = redis.url;
    await given.user(db, 'u');
    await db.json(
      ...words(
        'order place --order-id o --user u --symbol TCS --side BUY --quantity 5 --type LIMIT --price 10',
      ),
    );
  });
  afterAll(() => Promise.all([redis?.stop(), db?.close()]));

  it('finds nothing where Redis shows the book', async () => {
    const { code, stdout } = await db.cli('order', 'show', 'o', '--live', '--json');
    expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ order_id: 'o', drift: [] })]);
    expect(await db.json('order', 'show', 'o')).toMatchObject({ order_id: 'o', drift: null });
  });

  it.each([
    ['fields', ['set', 'order:o', '{"order_id":"o"}'], 'order:o', /^differs in user_id, .*updated_at$/],
    ['absence', ['del', 'order:o'], 'order:o', /^is missing$/],
    ['type', ['hset', 'order:o', 'status', 'PENDING'], 'order:o', /^is not JSON$/],
    ['lifetime', ['expire', 'order:o', '60'], 'order:o', /^expires at .*, which is not its TTL$/],
    ['the set of its trader', ['del', 'user_orders:u'], 'user_orders:u', /^is missing$/],
  ])('finds by %s where Redis differs, and ends 6', async (_what, [command = '', ...args], key, detail) => {
    if (command === 'hset') await redis.cli('del', 'order:o');
    await redis.cli(command, ...args);
    const { code, stdout } = await db.cli('order', 'show', 'o', '--live', '--json', 'drift');
    expect([code, JSON.parse(stdout)]).toEqual([
      6,
      { drift: [{ key, detail: expect.stringMatching(detail) }] },
    ]);
    const plain = await db.cli('order', 'show', 'o', '--live');
    expect(plain.stdout).toMatch(new RegExp(`^drift\t${key}\t`, 'm'));
    await db.json('realtime', 'rebuild');
  });

  it('needs Redis', async () => {
    await redis.kill();
    expect((await db.cli('order', 'show', 'o', '--live')).code).toBe(7);
    expect((await db.cli('order', 'show', 'o')).code).toBe(0);
  });
});
