import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { words } from '../helpers/words.ts';

describe.each(databases)('halts in Redis with $name', ({ open }) => {
  let db: TestDatabase;
  let redis: TestRedis;
  beforeAll(async () => {
    [db, redis] = await Promise.all([open(), startRedis()]);
    db.env['REDIS_URL'] = redis.url;
    await given.user(db);
  });
  afterAll(() => Promise.all([redis?.stop(), db?.close()]));

  const shown = async (whose: string) => {
    const text = (await redis.cli('get', `halt:${whose}`)).trim();
    return text === '' ? null : JSON.parse(text);
  };
  const drifts = async () => {
    const { stdout } = await db.cli(...words('doctor realtime --json'));
    return (JSON.parse(stdout) as { key: string }[]).filter(({ key }) => key.startsWith('halt:'));
  };

  it('are there while they are active, and no longer', async () => {
    await db.json(...words('risk halt trader_001 --reason margin --yes'));
    await db.json(...words('risk halt --all --reason outage --yes'));
    const own = await shown('trader_001');
    expect(own).toMatchObject({ user_id: 'trader_001', reason: 'margin', by: expect.any(String) });
    expect(own.since).toMatch(/^\d{4}-.*Z$/);
    expect(await shown('*all*')).toMatchObject({ user_id: null, reason: 'outage' });
    expect((await redis.cli('ttl', 'halt:trader_001')).trim()).toBe('-1');
    expect((await db.cli('doctor', 'realtime')).code).toBe(0);
    await db.json(...words('risk resume --all --reason back --confirm all'));
    expect(await shown('*all*')).toBeNull();
    expect(await shown('trader_001')).toEqual(own);
    await db.json(...words('risk resume trader_001 --reason back --confirm trader_001'));
    expect(await shown('trader_001')).toBeNull();
    await db.json(...words('risk halt trader_001 --reason again --yes'));
    expect(await shown('trader_001')).toMatchObject({ reason: 'again' });
  });

  it('are rebuilt after a flush, and cleared of those that nobody set', async () => {
    await redis.cli('flushall');
    const nobodys = { halt_id: 'h', user_id: 'nobody', reason: 'r', since: 't', by: 'b' };
    await redis.cli('set', 'halt:nobody', JSON.stringify(nobodys));
    await redis.cli('set', 'halt:theirs', '{}');
    expect(await drifts()).toEqual([
      expect.objectContaining({ key: 'halt:trader_001', detail: 'is missing' }),
      expect.objectContaining({ key: 'halt:nobody', detail: 'is not in the book' }),
    ]);
    expect(await db.json('realtime', 'rebuild')).toMatchObject({ strays: 1, foreign: 1 });
    expect(await shown('trader_001')).toMatchObject({ reason: 'again' });
    expect(await shown('nobody')).toBeNull();
    expect(await redis.cli('get', 'halt:theirs')).toBe('{}');
    expect((await db.cli('doctor', 'realtime')).code).toBe(0);
    // Retention gives a time to every key that has none, but not to these.
    await db.cli('retention', 'run', '--yes');
    expect((await redis.cli('ttl', 'halt:trader_001')).trim()).toBe('-1');
  });
});
