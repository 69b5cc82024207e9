import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { words } from '../helpers/words.ts';

describe.each(databases)('symbols with a new name in Redis with $name', ({ open }) => {
  let db: TestDatabase;
  let redis: TestRedis;
  const run = <T = Record<string, unknown>>(line: string) => db.json<T>(...words(line));
  beforeAll(async () => {
    [db, redis] = await Promise.all([open(), startRedis()]);
    db.env['REDIS_URL'] = redis.url;
    await given.user(db);
  });
  afterAll(() => Promise.all([redis?.stop(), db?.close()]));

  it('are what orders have there after a merge, and what quotes of a file get', async () => {
    const order = await given.order(db, { symbol: 'OLD', quantity: 10 });
    await given.fill(db, order, { quantity: 10, price: 100 });
    const symbol = async () => JSON.parse((await redis.cli('get', `order:${order}`)).trim()).symbol;
    expect(await symbol()).toBe('OLD');
    await run('symbol alias OLD NEW');
    const [merged] = await run<Record<string, unknown>[]>('position merge-symbol OLD --all --yes');
    expect(await symbol()).toBe('NEW');
    expect((await db.cli('doctor', 'realtime')).code).toBe(0);

    const stdin = 'symbol,ltp,timestamp\nOLD,123,2026-01-05T10:00:00Z\nOTHER,5,2026-01-05T10:00:00Z\n';
    const imported = await db.cliWith({ stdin }, 'market', 'import', '-');
    expect(imported.stderr).toContain('1 row of OLD, which is NEW now');
    expect(await run('market get NEW')).toMatchObject([{ ltp: 123 }]);
    await db.refused('market get OLD', { code: 3 });
    const both = 'symbol,ltp,timestamp\nOLD,7,2026-01-06T10:00:00Z\nNEW,124,2026-01-06T10:00:00Z\n';
    expect((await db.cliWith({ stdin: both }, 'market', 'import', '-')).code).toBe(0);
    expect(await run('market get NEW')).toMatchObject([{ ltp: 124 }]);

    const env = { PINNACLE_DATABASE: '', DATABASE_URL: 'postgres://u@127.0.0.1:1/nowhere' };
    const later = 'symbol,ltp,timestamp\nOLD,9,2026-01-07T10:00:00Z\n';
    const apart = await db.cliWith({ stdin: later, env }, 'market', 'import', '-');
    expect(apart).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/warning: Old names of symbols are kept.*cannot be reached/),
    });
    expect(await run('market get OLD')).toMatchObject([{ ltp: 9 }]);

    await run(`position unmerge-symbol ${merged?.['merge_id']} --yes`);
    expect(await symbol()).toBe('OLD');
    expect((await db.cli('doctor', 'realtime')).code).toBe(0);
  });
});
