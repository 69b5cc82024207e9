import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cli as program } from '../../helpers/cli.ts';
import { startRedis, type TestRedis } from '../../helpers/redis.ts';
import { words } from '../../helpers/words.ts';

const NOW = new Date('2026-01-30T10:00:00Z');
/** 30 days in seconds, of which a few have gone by. */
const MONTH = /^(2592000|25919\d\d)$/;

let redis: TestRedis;
let env: Record<string, string>;
beforeAll(async () => {
  redis = await startRedis();
  env = { REDIS_URL: redis.url };
});
afterAll(() => redis?.stop());
beforeEach(() => redis.cli('flushall'));

const run = (line: string, stdin = '') => program(words(line), { env, now: NOW, stdin });
const json = async (line: string, stdin = '') => {
  const { code, stdout, stderr } = await run(`${line} --json`, stdin);
  if (code !== 0) throw new Error(`${line} ended ${code}: ${stderr}`);
  return JSON.parse(stdout);
};
const stored = async (symbol: string) => JSON.parse(await redis.cli('get', `market_data:${symbol}`));

describe('a quote', () => {
  it('is JSON under its symbol for 30 days, without any database, and says where it goes', async () => {
    const { code, stderr } = await run(
      'market set tcs --ltp 4012.50 --bid 4012.45 --ask 4012.6 --open 4000 --high 4020 --low 3990.05 --close 3999 --volume 1200',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: `-> Redis 127.0.0.1:${redis.port}\n` });
    expect(await redis.cli('get', 'market_data:TCS')).toBe(
      '{"symbol":"TCS","ltp":4012.5,"timestamp":1769767200,"bid":4012.45,"ask":4012.6,"open":4000,"high":4020,"low":3990.05,"close":3999,"volume":1200}',
    );
    expect(await redis.cli('ttl', 'market_data:TCS')).toMatch(MONTH);
    expect(await redis.cli('keys', '*')).toBe('market_data:TCS');
    expect(await json('market get TCS')).toMatchObject([
      { symbol: 'TCS', ltp: 4012.5, volume: 1200, stale: false },
    ]);
  });

  it('stands behind the prefix, where others’ keys are not seen', async () => {
    const live = { env: { ...env, PINNACLE_REDIS_PREFIX: 'live:' }, now: NOW };
    await redis.cli('set', 'market_data:OTHER', '{}');
    expect((await program(words('market set M&M --ltp 10'), live)).code).toBe(0);
    expect(await redis.cli('exists', 'live:market_data:M&M')).toBe('1');
    const { stdout } = await program(words('market list --columns symbol'), live);
    expect(stdout).toBe('M&M\n');
  });

  it.each([
    '--ltp 0',
    '--ltp -1',
    '--ltp NaN',
    '--ltp 1e3',
    '--ltp 10 --bid 11 --ask 10',
    '--ltp 10 --high 9 --low 9.01',
    '--ltp 10 --timestamp 2026-01-30T10:01:01Z',
    '--ltp 10 --timestamp soon',
    '--ltp 10 --volume 1.5',
  ])('that cannot be is refused: %s', async (flags) => {
    expect(await run(`market set TCS ${flags}`)).toMatchObject({ code: 2, stdout: '' });
    expect((await run('market set "NO  SYMBOL" --ltp 1')).code).toBe(2);
    expect(await redis.cli('dbsize')).toBe('0');
  });

  it('without a price ends 2, and a dry run writes nothing', async () => {
    expect((await run('market set TCS')).code).toBe(2);
    expect(await run('market set TCS --ltp 5 --dry-run')).toMatchObject({ code: 0 });
    expect(await redis.cli('dbsize')).toBe('0');
  });

  it.each([
    ['rfc3339', '"2026-01-30T10:00:00.000000Z"'],
    ['unix', '1769767200'],
    ['unix-ms', '1769767200000'],
  ])('has its time as %s where that is asked for, and lives as long as is asked for', async (form, text) => {
    const asked = {
      env: { ...env, PINNACLE_MARKET_TIMESTAMP: form, PINNACLE_MARKET_LIFETIME: '2s' },
      now: NOW,
    };
    expect((await program(words('market set TCS --ltp 10'), asked)).code).toBe(0);
    expect(await redis.cli('get', 'market_data:TCS')).toBe(`{"symbol":"TCS","ltp":10,"timestamp":${text}}`);
    expect(Number(await redis.cli('pttl', 'market_data:TCS'))).toBeLessThanOrEqual(2_000);
    const file = 'symbol,ltp,timestamp\nTCS,11,2026-01-30T09:59:59Z\nINFY,5,2026-01-30T10:00:00Z\n';
    const imported = await program(words('market import - --json'), { ...asked, stdin: file });
    expect(JSON.parse(imported.stdout)).toEqual({ rows: 2, imported: 1, older: 1 });
    expect(await redis.cli('get', 'market_data:INFY')).toBe(`{"symbol":"INFY","ltp":5,"timestamp":${text}}`);
  });

  it.each([
    [{ PINNACLE_MARKET_TIMESTAMP: 'seconds' }, 'must be one of rfc3339, unix, unix-ms'],
    [{ PINNACLE_MARKET_LIFETIME: '31d' }, 'must be a duration from 1s to 30d'],
    [{ PINNACLE_MARKET_LIFETIME: '999ms' }, 'must be a duration from 1s to 30d'],
  ])('is not written by a setting that is none: %j', async (setting, says) => {
    const { code, stderr } = await program(words('market set TCS --ltp 10'), { env: { ...env, ...setting } });
    expect([code, stderr]).toEqual([78, expect.stringContaining(says)]);
  });

  it.each([1_769_767_200, 1_769_767_200.5, 1_769_767_200_500, '2026-01-30T10:00:00Z'])(
    'never overwrites a newer one of the feed, whose time is %s',
    async (timestamp) => {
      await redis.cli('set', 'market_data:TCS', JSON.stringify({ ltp: 10, timestamp, volume: 5 }));
      expect(await json('market get TCS')).toMatchObject([{ ltp: 10, age_seconds: 0, stale: false }]);
      expect(await run('market set TCS --ltp 11 --timestamp 2026-01-30T09:59:59Z')).toMatchObject({
        code: 5,
      });
      expect(await json('market set TCS --ltp 12 --timestamp 2026-01-30T10:00:30Z')).toMatchObject({
        ltp: 12,
      });
    },
  );

  it('never overwrites a newer one, and may repeat or correct one of its own time', async () => {
    await json('market set TCS --ltp 10 --timestamp 2026-01-30T09:00:00Z');
    const older = await run('market set TCS --ltp 11 --timestamp 2026-01-30T08:59:59.999Z --json');
    expect(older).toMatchObject({ code: 5, stdout: '' });
    expect(JSON.parse(older.stderr.split('\n').at(-2) ?? '').error.code).toBe('QUOTE_OLDER');
    await json('market set TCS --ltp 12 --timestamp 2026-01-30T14:30:00+05:30');
    expect(await stored('TCS')).toEqual({ symbol: 'TCS', ltp: 12, timestamp: 1_769_763_600 });
  });

  it('takes the place of what is no quote', async () => {
    await redis.cli('rpush', 'market_data:TCS', 'x');
    await redis.cli('set', 'market_data:INFY', '{"ltp":1,"timestamp":"2040-01-01T00:00:00Z"}');
    for (const symbol of ['TCS', 'INFY']) {
      await json(`market set ${symbol} --ltp 10`);
      expect(await stored(symbol)).toMatchObject({ ltp: 10 });
    }
  });
});

describe('market get and list', () => {
  const STALE = '{"ltp":5,"timestamp":"2026-01-30T09:44:59.999Z"}';
  const FOREIGN: [symbol: string, argv: string[], why: string][] = [
    ['A', ['set', 'market_data:A', 'not json'], 'no JSON object'],
    ['B', ['set', 'market_data:B', 'null'], 'no JSON object'],
    ['C', ['set', 'market_data:C', '{"timestamp":"2026-01-30T09:59:00Z"}'], 'no ltp'],
    [
      'D',
      ['set', 'market_data:D', '{"ltp":"12.5","timestamp":"2026-01-30T09:59:00Z"}'],
      'ltp is no number of rupees',
    ],
    [
      'E',
      ['set', 'market_data:E', '{"ltp":-1,"timestamp":"2026-01-30T09:59:00Z"}'],
      'ltp is no number of rupees',
    ],
    [
      'F',
      ['set', 'market_data:F', '{"ltp":1,"timestamp":"1769767200"}'],
      'timestamp is a number written as text',
    ],
    [
      'G',
      ['set', 'market_data:G', '{"ltp":1,"timestamp":"2026-01-30T10:01:01Z"}'],
      'timestamp is in the future',
    ],
    ['H', ['hset', 'market_data:H', 'ltp', '1'], 'a hash, not a text'],
    ['I', ['set', 'market_data:I', '[1]'], 'no ltp'],
    [
      'J',
      ['set', 'market_data:J', '{"ltp":1e400,"timestamp":"2026-01-30T09:59:00Z"}'],
      'ltp is no number of rupees',
    ],
  ];

  it('say of what others left that it is no quote, and take it for no price', async () => {
    for (const [, argv] of FOREIGN) await redis.cli(...argv);
    const rows = await json('market list');
    expect(
      rows.map(({ symbol, ltp, unreadable }: Record<string, unknown>) => [symbol, ltp, unreadable]),
    ).toEqual(FOREIGN.map(([symbol, , why]) => [symbol, null, why]));
    for (const [symbol, , why] of FOREIGN) {
      const { code, stdout, stderr } = await run(`market get ${symbol} --json ltp`);
      expect({ code, stdout }).toEqual({ code: 6, stdout: '[{"ltp":null}]\n' });
      expect(stderr).toBe(`warning: The quote of ${symbol} cannot be read: ${why}.\n`);
    }
  });

  it('read quotes of services with what else they say, and with times of any zone', async () => {
    await redis.cli(
      ...['set', 'market_data:TCS'],
      '{"token":7,"ltp":5,"timestamp":"2026-01-30T15:29:30.123456+05:30","bid":"x","volume":3}',
    );
    expect(await json('market get TCS')).toMatchObject([
      {
        symbol: 'TCS',
        ltp: 5,
        timestamp: '2026-01-30T09:59:30.123456Z',
        age_seconds: 29,
        bid: null,
        volume: 3,
      },
    ]);
  });

  it('name all that is missing and end 3', async () => {
    await json('market set TCS --ltp 1');
    const { code, stdout, stderr } = await run('market get NO TCS NEITHER');
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toContain('no quote of NO, NEITHER');
  });

  it('mark as stale what is older than the setting, wherever it is shown', async () => {
    await redis.cli('set', 'market_data:OLD', STALE);
    await redis.cli('set', 'market_data:NEW', STALE.replace('44:59.999', '45:00'));
    await redis.cli('set', 'market_data:BAD', 'x');
    expect(await json('market list')).toMatchObject([
      { symbol: 'BAD', stale: null },
      { symbol: 'NEW', stale: false, age_seconds: 900 },
      { symbol: 'OLD', stale: true, age_seconds: 900 },
    ]);
    expect(await json('market list --stale')).toMatchObject([{ symbol: 'OLD' }]);
    const hour = { env: { ...env, PINNACLE_MARKET_STALE_AFTER: '1h' }, now: NOW };
    expect((await program(words('market list --stale'), hour)).stdout).toBe('');
    expect(await json('market rates --for 0s')).toMatchObject({
      quotes: 2,
      fresh: 1,
      stale: 1,
      unreadable: 1,
      oldest_age_seconds: 900,
    });
  });

  it('go page by page through many, among a multitude of others’ keys', async () => {
    const fill = `for i = 1, 50000 do redis.call('set', 'other:' .. i, 'x') end
      for i = 1, 2500 do redis.call('set', 'market_data:S' .. string.format('%04d', i), '{"ltp":1,"timestamp":"2026-01-30T09:59:00Z"}') end`;
    await redis.cli('eval', fill, '0');
    await redis.cli('config', 'resetstat');
    const all = (await run('market list --all --columns symbol')).stdout.trim().split('\n');
    expect(all).toHaveLength(2_500);
    expect(all).toEqual([...all].sort());
    const first = await run('market list --limit 1000 --columns symbol');
    const cursor = /--after (\S+)/.exec(first.stderr)?.[1];
    const second = await run(`market list --limit 2000 --columns symbol --after ${cursor}`);
    expect(first.stdout + second.stdout).toBe(`${all.join('\n')}\n`);
    expect(await redis.cli('info', 'commandstats')).not.toContain('cmdstat_keys');
  });
});

describe('without a Redis', () => {
  it.each(['set TCS --ltp 1', 'get TCS', 'list', 'watch', 'rates'])('market %s ends 78', async (line) => {
    expect(await program(words(`market ${line}`), {})).toMatchObject({ code: 78, stdout: '' });
  });
});
