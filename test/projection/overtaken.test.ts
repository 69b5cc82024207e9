import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { slowLine, startRedis, type TestRedis } from '../helpers/redis.ts';

const DELAY = 250;

describe.each(servers)('beside the $name', ({ open }) => {
  let db: TestDatabase;
  let redis: TestRedis;
  beforeAll(async () => {
    [db, redis] = await Promise.all([open(), startRedis()]);
    await given.user(db, 'u');
  });
  afterAll(() => Promise.all([db?.close(), redis?.stop()]));

  it('a change that is overtaken on its way to Redis does not undo the one that overtook it', async () => {
    const line = await slowLine(redis.port, DELAY);
    const by = (url: string) => ({ env: { ...db.env, REDIS_URL: url } });
    const [slow, fast] = [by(line.url), by(redis.url)];
    const order = ['order', 'place', '--user', 'u', '--symbol', 'TCS', '--side', 'BUY', '--quantity', '9'];
    expect((await db.cliWith(fast, ...order, '--order-id', 'o')).code).toBe(0);
    const fill = ['order', 'fill', 'o', '--quantity', '1', '--price', '10'];
    const overtaken = db.cliWith(slow, ...fill);
    for (let filled = 0; filled === 0; await sleep(2))
      filled = Number((await db.query('SELECT filled_quantity FROM orders')).rows[0]?.['filled_quantity']);
    // What the first was to write is read by now and on its way.
    await sleep(1.5 * DELAY);
    expect((await db.cliWith(fast, ...fill)).code).toBe(0);
    expect((await overtaken).code).toBe(0);
    expect(JSON.parse(await redis.cli('get', 'order:o'))).toMatchObject({ filled_quantity: 2 });
    expect((await db.cliWith(fast, 'doctor', 'realtime')).code).toBe(0);
    line.close();
  });
});
