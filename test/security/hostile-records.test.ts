import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, sampled } from '../helpers/databases.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { words } from '../helpers/words.ts';
import { CORPUS, RAW, some } from './corpus.ts';
import { openVictim } from './victim.ts';

/** Text that a column, a key and a JSON document of the database take. */
const STORED = Object.entries(CORPUS).filter(([, text]) => !/\0|\p{Cs}/u.test(text) && text !== '');
const FORMS = sampled(['', '--json', '--csv', '--debug'], 2);

describe.each(databases)('hostile records on $name', (kind) => {
  let victim: Awaited<ReturnType<typeof openVictim>>;
  let redis: TestRedis;
  beforeAll(async () => {
    [victim, redis] = await Promise.all([openVictim(kind), startRedis()]);
    victim.db.env['REDIS_URL'] = redis.url;
  });
  afterAll(() => Promise.all([victim?.close(), redis?.stop()]));

  /** Runs a command line in each form, in a pipe and on a terminal in turn. */
  const inEveryForm = async (line: string) => {
    const codes = [];
    for (const [i, form] of FORMS.entries())
      codes.push((await victim.withstands(words(`${line} --no-color ${form}`), { tty: i % 2 === 1 })).code);
    return codes;
  };

  it('of migrations', async () => {
    const { db } = victim;
    const { rows } = await db.query('SELECT * FROM pinnacle_migrations WHERE phase = 2');
    const columns = Object.keys(rows[0] ?? {}).filter((name) => typeof rows[0]?.[name] === 'string');
    const own = columns.filter((name) => !/at$/.test(name));
    expect(own.length).toBeGreaterThan(3);
    for (const [turn, column] of own.entries()) {
      for (const [, text] of sampled(some(STORED, 2, turn), 1)) {
        await db.query(`UPDATE pinnacle_migrations SET ${column} = $1 WHERE phase = 2`, [
          text.slice(0, 5_000),
        ]);
        for (const line of ['migrate status', 'migrate verify', 'migrate plan', 'doctor --check migrations'])
          expect(await inEveryForm(line)).not.toContain(1);
      }
      await db.query(`UPDATE pinnacle_migrations SET ${column} = $1 WHERE phase = 2`, [rows[0]?.[column]]);
    }
  });

  it('of results under an idempotency key', async () => {
    const { db } = victim;
    const line = 'notification send --system --type RISK_ALERT --title T --message M --idempotency-key k';
    expect((await db.cli(...words(line))).code).toBe(0);
    const stored = String((await db.query('SELECT result::text AS r FROM idempotency_keys')).rows[0]?.['r']);
    const texts = some(STORED, 5).map(([, text]) => text.slice(0, 5_000));
    const documents = [
      ...texts.flatMap((text) => [
        stored.replaceAll('"T"', () => JSON.stringify(text)),
        JSON.stringify({ [text]: text }),
      ]),
      ...['null', '[]', '{}', '7', '"x"', '[[[]]]', '{"kind":"rows"}', '{"kind":"rows","data":null}'],
      ...[
        '{"data":[null]}',
        '{"kind":"rows","data":7}',
        '{"kind":"x","data":[{}]}',
        '['.repeat(500) + ']'.repeat(500),
      ],
    ];
    for (const document of sampled(documents, 10)) {
      await db.query('UPDATE idempotency_keys SET result = $1', [document]);
      expect([document.slice(0, 80), await inEveryForm(line)]).toEqual([
        document.slice(0, 80),
        expect.not.arrayContaining([1]),
      ]);
    }
    await db.query('DELETE FROM idempotency_keys');
  });

  it('of keys and values in Redis', async () => {
    for (const [, text] of sampled(some(STORED, 3), 3)) {
      const key = text.slice(0, 300);
      await redis.cli('flushall');
      await redis.cli('set', `market_data:${key}`, text.slice(0, 5_000));
      await redis.cli('set', 'market_data:TCS', JSON.stringify({ symbol: key, ltp: key, timestamp: key }));
      await redis.cli('set', `session:trader_001:${key}`, key);
      await redis.cli('hset', `positions:${key}`, key, key);
      await redis.cli('set', `order:${key}`, key);
      for (const line of ['market list', 'market get TCS', 'user logins list trader_001', 'doctor realtime'])
        expect(await inEveryForm(line)).not.toContain(1);
    }
  });

  it('of what is logged', async () => {
    const log = join(victim.cwd, 'log');
    for (const [, text] of sampled(some(STORED, 24), 8))
      await victim.withstands(['user', 'show', '--log', log, '--', text.slice(0, 5_000)]);
    const lines = readFileSync(log, 'utf8').trim().split('\n');
    expect(lines.join('\n')).not.toMatch(RAW);
    expect(lines.map((line) => typeof JSON.parse(line)).every((type) => type === 'object')).toBe(true);
  });
});
