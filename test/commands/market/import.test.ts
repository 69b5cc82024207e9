import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cli as program } from '../../helpers/cli.ts';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { freePort, startRedis, type TestRedis } from '../../helpers/redis.ts';
import { shared } from '../../helpers/shared.ts';
import { words } from '../../helpers/words.ts';

const NOW = new Date('2026-01-30T10:00:00Z');
const HEADER = 'symbol,ltp,timestamp';

let redis: TestRedis;
let env: Record<string, string>;
beforeAll(async () => {
  redis = await startRedis();
  env = { REDIS_URL: redis.url };
});
afterAll(() => redis?.stop());
beforeEach(() => redis.cli('flushall'));

const run = (stdin: string, ...flags: string[]) =>
  program(['market', 'import', '-', '--json', ...flags], { env, now: NOW, stdin });
const quotes = (n: number) =>
  `${HEADER}\n${Array.from({ length: n }, (_, i) => `S${i},${i + 1},2026-01-30T09:59:00Z\n`).join('')}`;

describe('market import', () => {
  it('writes every quote of the file for 30 days, local times in the trading time zone', async () => {
    const file = `${HEADER},volume,bid,ask,note\nTCS,4012.5,2026-01-30 15:00:00,77,4012,4013,x\nm&m,10,2026-01-30T09:00:00Z,,,,\n`;
    const { code, stdout, stderr } = await run(file);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '{"rows":2,"imported":2,"older":0}\n' });
    expect(stderr).toBe(
      `-> Redis 127.0.0.1:${redis.port}\nTimes without an offset are read in Asia/Kolkata.\nColumns left out: note\n`,
    );
    expect(await redis.cli('get', 'market_data:TCS')).toBe(
      '{"symbol":"TCS","ltp":4012.5,"timestamp":1769765400,"bid":4012,"ask":4013,"volume":77}',
    );
    expect(await redis.cli('get', 'market_data:M&M')).toBe(
      '{"symbol":"M&M","ltp":10,"timestamp":1769763600}',
    );
    for (const symbol of ['TCS', 'M&M']) {
      const spent = 30 * 86_400 - Number(await redis.cli('ttl', `market_data:${symbol}`));
      expect(spent).toBeGreaterThanOrEqual(0);
      expect(spent).toBeLessThan(600);
    }
  });

  it('names every bad line and writes nothing', async () => {
    const bad = [
      ['no  symbol,1,2026-01-30T09:00:00Z', 'symbol must be'],
      ['A,,2026-01-30T09:00:00Z', 'ltp must be'],
      ['A,0,2026-01-30T09:00:00Z', 'ltp must be'],
      ['A,-5,2026-01-30T09:00:00Z', 'ltp must be'],
      ['A,NaN,2026-01-30T09:00:00Z', 'ltp must be'],
      ['A,1e999,2026-01-30T09:00:00Z', 'ltp must be'],
      ['A,5', 'has 2 fields, not 7'],
      ['A,5,5m', 'timestamp must be'],
      ['A,5,2026-01-30T10:01:00.001Z', 'timestamp is in the future'],
      ['A,5,2026-01-30T09:00:00Z,6,5', 'bid is above ask'],
      ['A,5,2026-01-30T09:00:00Z,,,4,5', 'high is below low'],
    ];
    const width = HEADER.split(',').length + 4;
    const filled = (line: string) =>
      line === 'A,5' ? line : line + ','.repeat(width - line.split(',').length);
    const lines = bad.map(([line = '']) => `${filled(line)}\n`).join('');
    const file = `${HEADER},bid,ask,high,low\nGOOD,5,2026-01-30T09:00:00Z,,,,\n${lines}`;
    const { code, stdout, stderr } = await run(file);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const { message } = JSON.parse(stderr.split('\n').at(-2) ?? '').error;
    expect(message).toContain('11 lines cannot be taken; nothing was imported.');
    for (const [i, [, reason]] of bad.slice(0, 10).entries())
      expect(message).toContain(`line ${i + 3}: ${reason}`);
    expect(message).toContain('and 1 line more');
    expect(await redis.cli('dbsize')).toBe('0');
  });

  it('refuses what is no such file', async () => {
    for (const file of ['', 'symbol,ltp\nA,1\n', `${HEADER}\n`]) expect((await run(file)).code).toBe(2);
    expect((await program(words('market import /no/such.csv'), { env })).code).toBe(2);
  });

  it('passes over what is older than the cache, or than another row, and counts it', async () => {
    await run(`${HEADER}\nA,1,2026-01-30T09:30:00Z\nB,1,2026-01-30T09:30:00Z\n`);
    await redis.cli('set', 'market_data:C', 'no quote');
    const file = `${HEADER}\nA,2,2026-01-30T09:29:59Z\nB,2,2026-01-30T09:30:01Z\nB,3,2026-01-30T09:30:00Z\nC,2,2020-01-01\n`;
    const { stdout, stderr } = await run(file);
    expect(JSON.parse(stdout)).toEqual({ rows: 4, imported: 2, older: 2 });
    expect(stderr).toContain('Skipped 2 quotes older than the newest known.');
    const prices = (await redis.cli('mget', 'market_data:A', 'market_data:B', 'market_data:C')).split('\n');
    expect(prices.map((text) => JSON.parse(text).ltp)).toEqual([1, 2, 2]);
  });

  it('refuses two prices of one symbol at one time, and passes over equal lines', async () => {
    const at = '2026-01-30T09:00:00Z';
    const other = await run(`${HEADER}\nA,3541.65,${at}\nA,32.23,${at}\n`);
    expect(other).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('line 3: A stands twice at one time, at 3541.65 and at 32.23 (line 2)'),
    });
    expect(other.stderr).toContain('line 2: A stands twice at one time, at 32.23 and at 3541.65 (line 3)');
    expect(await redis.cli('dbsize')).toBe('0');
    // An older pair is no better than a newer one.
    const older = `A,1,2026-01-30T08:00:00Z\nA,5,${at}\nA,2,2026-01-30T08:00:00Z\n`;
    expect((await run(`${HEADER}\n${older}`)).code).toBe(2);
    const equal = await run(`${HEADER}\nA,5,${at}\nA,5.0,${at}\n`);
    expect(JSON.parse(equal.stdout)).toEqual({ rows: 2, imported: 1, older: 0 });
    expect(equal.stderr).toContain('Passed over 1 line equal to another one.');
  });

  it('writes nothing when it is dry', async () => {
    expect(await run(quotes(3), '--dry-run')).toMatchObject({ code: 0 });
    expect(await redis.cli('dbsize')).toBe('0');
  });

  const { path, absent } = shared('data/nse_quotes.csv');
  it.skipIf(absent)('takes the quotes of a whole market', async () => {
    const rows = readFileSync(path, 'utf8').trim().split('\n').slice(1);
    const { code, stdout } = await program(['market', 'import', path, '--json'], { env });
    expect({ code, ...JSON.parse(stdout) }).toEqual({
      code: 0,
      rows: rows.length,
      imported: rows.length,
      older: 0,
    });
    const listed = await program(words('market list --all --json symbol,ltp,stale'), { env });
    const prices = new Map(
      JSON.parse(listed.stdout).map((row: { symbol: string; ltp: number }) => [row.symbol, row.ltp]),
    );
    for (const row of rows) {
      const [symbol = '', ltp] = row.split(',');
      expect([symbol, prices.get(symbol)]).toEqual([symbol, Number(ltp)]);
    }
  });
});

describe('a Redis that does not take it', () => {
  const importInto = async (url: string) => {
    const { code, stdout, stderr } = await program(['market', 'import', '-', '--json'], {
      env: { REDIS_URL: url, PINNACLE_REDIS_TIMEOUT: '10s' },
      now: NOW,
      stdin: quotes(20_000),
    });
    expect(stdout).toBe('');
    return [code, JSON.parse(stderr.split('\n').at(-2) ?? '').error.code];
  };

  it('because it is full ends 7 with nothing half done', async () => {
    const full = await startRedis({ maxmemory: '3mb', 'maxmemory-policy': 'noeviction' });
    try {
      expect(await importInto(full.url)).toEqual([7, 'REDIS_OOM']);
      expect(await full.cli('dbsize')).toBe('0');
      await full.cli('config', 'set', 'maxmemory', '1mb');
      const set = await program(words('market set TCS --ltp 1'), { env: { REDIS_URL: full.url } });
      expect(set).toMatchObject({ code: 7, stderr: expect.stringContaining('is full') });
    } finally {
      await full.stop();
    }
  });

  it('because it is a replica ends 7', async () => {
    const replica = await startRedis({ replicaof: ['127.0.0.1', String(redis.port)] });
    try {
      expect(await importInto(replica.url)).toEqual([7, 'REDIS_READONLY']);
    } finally {
      await replica.stop();
    }
  });

  it('because the login may only read, or is refused, ends 12', async () => {
    await redis.cli('acl', 'setuser', 'reader', 'on', '>secret', '~*', '+@read', '+@connection');
    await program(words('market set TCS --ltp 1'), { env });
    const at = `127.0.0.1:${redis.port}`;
    expect(await importInto(`redis://reader:secret@${at}`)).toEqual([12, 'REDIS_NOT_PERMITTED']);
    expect(await redis.cli('dbsize')).toBe('1');
    const reader = { env: { REDIS_URL: `redis://reader:secret@${at}` } };
    expect(await program(words('market get TCS --json ltp'), reader)).toMatchObject({ code: 0 });
    expect(await program(words('market list'), reader)).toMatchObject({ code: 0 });
    const wrong = await importInto(`redis://reader:wrong@${at}`);
    expect(wrong).toEqual([12, 'REDIS_LOGIN_REFUSED']);
  });

  it('but by no script is written to all the same', async () => {
    await redis.cli('acl', 'setuser', 'writer', 'on', '>secret', '~*', '+@all', '-@scripting');
    const url = `redis://writer:secret@127.0.0.1:${redis.port}`;
    const done = await program(['market', 'import', '-'], {
      env: { REDIS_URL: url },
      now: NOW,
      stdin: quotes(3),
    });
    expect([done.code, await redis.cli('dbsize')]).toEqual([0, '3']);
    expect(await redis.cli('ttl', 'market_data:S2')).toMatch(/^(2592000|25919\d\d)$/);
  });

  it('because nobody is there ends 7', async () => {
    expect(await importInto(`redis://127.0.0.1:${await freePort()}`)).toEqual([7, 'REDIS_UNREACHABLE']);
  });
});

describe.each(databases)('beside a book on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    db.env['REDIS_URL'] = redis.url;
    await given.user(db);
    await given.strategy(db, 'trades_tcs');
    const order = '--user trader_001 --symbol INFY --side BUY --quantity 1 --price 10 --order-id held';
    await db.json(...words(`order place ${order}`));
    await db.json(...words('order fill held --quantity 1 --price 10'));
  });
  afterAll(() => db?.close());

  it('names the symbols that nobody trades, and takes them', async () => {
    const done = await db.cliWith({ stdin: quotes(7), now: NOW }, ...words('market import - --json'));
    expect(JSON.parse(done.stdout)).toMatchObject({ imported: 7 });
    expect(done.stderr).toContain(
      'note: 7 symbols that no strategy trades and nobody holds: S0, S1, S2, S3, S4, …',
    );
    for (const [symbol, noted] of [
      ['TCS', false],
      ['INFY', false],
      ['TSC', true],
    ] as const) {
      const { code, stderr } = await db.cli(...words(`market set ${symbol} --ltp 5`));
      expect([code, stderr.includes('note: 1 symbol')]).toEqual([0, noted]);
    }
  });

  it('leaves no audit row', async () => {
    await db.json(...words('market set TCS --ltp 5'));
    expect(await db.audits('market%')).toEqual([]);
  });

  it('does without a database that is not there', async () => {
    const away = { ...db.env, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', PINNACLE_DATABASE: '' };
    const { code, stderr } = await db.cliWith({ env: away }, ...words('market set TCS --ltp 6'));
    expect({ code, stderr }).toEqual({ code: 0, stderr: `-> Redis 127.0.0.1:${redis.port}\n` });
  });
});
