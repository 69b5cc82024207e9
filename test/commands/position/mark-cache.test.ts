import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { startRedis, type TestRedis } from '../../helpers/redis.ts';
import { shared } from '../../helpers/shared.ts';
import { words } from '../../helpers/words.ts';

interface Row {
  symbol: string;
  price?: number | null;
  stale?: boolean | null;
  problem?: string | null;
}

const TRADES = `trade_id,symbol,side,quantity,price,executed_at
A1,TCS,BUY,10,100,2024-01-05
A2,INFY,SELL,5,50,2024-01-05
A3,ITC,BUY,100,400,2024-01-05
A4,SBIN,BUY,1,10,2024-01-05
A5,LT,BUY,1,10,2024-01-05
A6,LT,SELL,1,10,2024-01-05`;

describe.each(databases)('position mark --from-cache on $name', ({ open }) => {
  let db: TestDatabase;
  let redis: TestRedis;
  beforeAll(async () => {
    [db, redis] = await Promise.all([open(), startRedis()]);
    db.env['REDIS_URL'] = redis.url;
    db.env['PINNACLE_GUARD_PRICE_MOVE'] = '0';
    for (const user of ['a', 'b']) {
      await given.user(db, user);
      const stdin = user === 'a' ? TRADES : TRADES.split('\n').slice(0, 2).join('\n');
      const line = `order import - --as trades --user ${user}`;
      expect((await db.cliWith({ stdin }, ...words(line))).code).toBe(0);
    }
  });
  afterAll(() => Promise.all([redis?.stop(), db?.close()]));
  beforeEach(() => redis.cli('flushall'));

  // Whole seconds and 580 ms, as PostgreSQL leaves out the last zero.
  const ago = (minutes: number) =>
    new Date(Math.floor(Date.now() / 1_000 - minutes * 60) * 1_000 - 420).toISOString();
  const quote = (symbol: string, ltp: unknown, minutes: number) =>
    redis.cli('set', `market_data:${symbol}`, JSON.stringify({ ltp, timestamp: ago(minutes) }));
  const mark = async (...flags: string[]) => {
    const { code, stdout, stderr } = await db.cli('position', 'mark', '--from-cache', '--json', ...flags);
    return { code, stderr, rows: JSON.parse(stdout) as Row[] };
  };
  const positions = async () =>
    Object.fromEntries(
      (
        await db.query(
          "SELECT user_id, symbol, current_price, unrealized_pnl, marked_at FROM positions WHERE status = 'OPEN'",
        )
      ).rows.map(({ user_id, symbol, ...rest }) => [`${user_id} ${symbol}`, rest]),
    );

  it('marks every open position that has a quote, stale or not, and names every other', async () => {
    await quote('TCS', 110.5, 1);
    await quote('INFY', 48, 60);
    await quote('ITC', 'x', 1);
    const before = await positions();
    const { code, rows, stderr } = await mark();
    expect(code).toBe(6);
    expect(rows).toMatchObject([
      { symbol: 'INFY', price: 48, positions: 1, unrealized_pnl: '10.00', stale: true, problem: null },
      { symbol: 'TCS', price: 110.5, positions: 2, unrealized_pnl: '210.00', stale: false },
      {
        symbol: 'ITC',
        price: null,
        positions: 1,
        unrealized_pnl: null,
        problem: 'ltp is no number of rupees',
      },
      { symbol: 'SBIN', price: null, positions: 1, problem: 'not in the cache' },
    ]);
    expect(stderr).toContain('Stale quotes: INFY\n');
    expect(stderr).toContain('warning: SBIN (1 position) is not marked: not in the cache.');
    const after = await positions();
    const { timestamp } = JSON.parse(await redis.cli('get', 'market_data:INFY'));
    expect(after['a INFY']).toEqual({
      current_price: 48,
      unrealized_pnl: 10,
      marked_at: timestamp.replace('580Z', '580000Z'),
    });
    expect(after['b TCS']).toMatchObject({ current_price: 110.5, unrealized_pnl: 105 });
    for (const key of ['a ITC', 'a SBIN']) expect(after[key]).toEqual(before[key]);
    expect((await db.cli('doctor', 'ledger')).code).toBe(0);
  });

  it('ends 0 where all are marked, and changes nothing when it is dry', async () => {
    for (const symbol of ['TCS', 'INFY', 'ITC', 'SBIN']) await quote(symbol, 20, 1);
    const before = await positions();
    expect((await mark('--dry-run')).code).toBe(0);
    expect(await positions()).toEqual(before);
    expect((await mark()).code).toBe(0);
    expect(await positions()).toMatchObject({ 'a SBIN': { current_price: 20 } });
  });

  it('keeps the time of the quote until a fill or a mark by hand', async () => {
    for (const symbol of ['TCS', 'INFY', 'ITC', 'SBIN']) await quote(symbol, 20, 1);
    await mark();
    await db.json('position', 'mark', 'TCS=21');
    const buy = '--user a --symbol SBIN --side BUY --quantity 1 --type LIMIT --price 22 --order-id more';
    await db.json(...words(`order place ${buy}`));
    await db.json(...words('order fill more --quantity 1 --price 22'));
    expect(await positions()).toMatchObject({
      'a TCS': { current_price: 21, marked_at: null },
      'a SBIN': { current_price: 22, marked_at: null },
      'a INFY': { current_price: 20, marked_at: expect.stringMatching(/Z$/) },
    });
  });

  it('leaves a mark where the quote is probably wrong, and takes the price that is given instead', async () => {
    for (const symbol of ['TCS', 'INFY', 'ITC', 'SBIN']) await quote(symbol, 20, 1);
    await mark();
    await quote('TCS', 0.2, 0);
    await quote('INFY', 24, 0);
    for (const [symbol, more] of [
      ['ITC', { high: 19, low: 18 }],
      ['SBIN', { close: 30 }],
    ] as const)
      await redis.cli(
        'set',
        `market_data:${symbol}`,
        JSON.stringify({ ltp: 20, timestamp: ago(0), ...more }),
      );
    const before = await positions();
    const env = { ...db.env, PINNACLE_GUARD_PRICE_MOVE: '20' };
    const { code, stdout } = await db.cliWith({ env }, ...words('position mark --from-cache --json'));
    expect(code).toBe(6);
    expect(JSON.parse(stdout)).toMatchObject([
      { symbol: 'INFY', price: 24, problem: null },
      { symbol: 'ITC', price: null, problem: expect.stringContaining('above the highest price of its day') },
      { symbol: 'SBIN', price: null, problem: expect.stringContaining('below the close of the day before') },
      {
        symbol: 'TCS',
        price: null,
        problem: expect.stringContaining('0.2 is 99.0 % below the last price, 20'),
      },
    ]);
    const after = await positions();
    for (const key of ['a TCS', 'b TCS', 'a ITC', 'a SBIN']) expect(after[key]).toEqual(before[key]);
    expect(stdout).toContain('run pinnacle position mark TCS=PRICE');
    expect((await db.cliWith({ env }, ...words('position mark TCS=0.2 --yes'))).code).toBe(0);
    expect(await positions()).toMatchObject({ 'a TCS': { current_price: 0.2 } });
  });

  it('is refused beside prices, and without a Redis', async () => {
    expect((await db.cli(...words('position mark TCS=1 --from-cache'))).code).toBe(2);
    const none = { env: { ...db.env, REDIS_URL: '' } };
    expect((await db.cliWith(none, ...words('position mark --from-cache'))).code).toBe(78);
  });

  it('leaves rules that depend on marks unevaluated while a mark is stale', async () => {
    for (const symbol of ['TCS', 'INFY', 'ITC', 'SBIN']) await quote(symbol, 20, 1);
    await quote('INFY', 20, 20);
    await quote('ITC', 20, 180);
    await mark();
    await db.json(...words('session start --user a'));
    for (const rule of ['MAX_DRAWDOWN 99', 'MAX_DAILY_LOSS 999999', 'MAX_ORDERS_PER_DAY 50'])
      await db.json(...words(`risk set a ${rule}`));
    for (const rule of ['MAX_POSITION_SIZE 999999', 'MIN_CAPITAL_THRESHOLD 1'])
      await db.json(...words(`risk set a ${rule}`));
    await db.json(...words('risk set b MIN_CAPITAL_THRESHOLD 1'));
    const lacking =
      'cannot evaluate without fresh marks of ITC (3 h old), INFY (20 min old) (pinnacle position mark --from-cache)';
    const checked = await db.cli(...words('risk check --json rule_type,user_id,verdict,message'));
    expect(checked.code).toBe(6);
    expect(JSON.parse(checked.stdout)).toEqual(
      ['MAX_POSITION_SIZE', 'MAX_DRAWDOWN', 'MAX_DAILY_LOSS', 'MIN_CAPITAL_THRESHOLD'].map((rule_type) => ({
        rule_type,
        user_id: 'a',
        verdict: 'cannot evaluate',
        message: `${rule_type}: ${lacking}`,
      })),
    );
    const place = (line: string) =>
      db.cli(...words(`order place --user a --type LIMIT --price 20 --quantity 1 ${line}`));
    const entry = await place('--symbol TCS --side BUY');
    expect(entry.code).toBe(5);
    expect(entry.stderr).toContain(`MAX_DAILY_LOSS: ${lacking}`);
    // The size of a position in one symbol does not depend on the marks of others.
    expect(entry.stderr).not.toContain('MAX_POSITION_SIZE');
    expect((await place('--symbol ITC --side BUY')).stderr).toContain(
      'MAX_POSITION_SIZE: cannot evaluate without fresh marks of ITC (3 h old)',
    );
    expect((await place('--symbol ITC --side SELL')).code).toBe(0);
    for (const symbol of ['INFY', 'ITC']) await quote(symbol, 20, 1);
    await mark();
    expect((await db.cli('risk', 'check')).code).toBe(0);
    expect((await place('--symbol TCS --side BUY')).code).toBe(0);
    const strict = { env: { ...db.env, PINNACLE_MARKET_STALE_AFTER: '1s' } };
    expect((await db.cliWith(strict, ...words('risk check b --json message'))).stdout).toContain(
      'TCS (1 min old)',
    );
  });
});

const trades = shared('data/nse_trades_2021_2023.csv');
const quotes = shared('data/nse_quotes.csv');
describe.skipIf(trades.absent || quotes.absent).each(databases)('a real book on $name', ({ open }) => {
  it('is marked at real quotes, and what has none is listed', async () => {
    const [db, redis] = await Promise.all([open(), startRedis()]);
    try {
      db.env['REDIS_URL'] = redis.url;
      await given.user(db);
      await given.strategy(db, 'momentum_rs');
      await db.json('order', 'import', trades.path, '--as', 'trades', '--user', 'trader_001');
      await db.json('market', 'import', quotes.path);
      const { stdout } = await db.cli(...words('position mark --from-cache --json'));
      const rows = JSON.parse(stdout) as Row[];
      const { rows: held } = await db.query(
        "SELECT symbol, current_price, average_price, quantity, unrealized_pnl FROM positions WHERE status = 'OPEN' ORDER BY symbol",
      );
      expect(held.length).toBeGreaterThan(0);
      expect(new Set(rows.map(({ symbol }) => symbol))).toEqual(new Set(held.map(({ symbol }) => symbol)));
      for (const { symbol, current_price, average_price, quantity, unrealized_pnl } of held) {
        const row = rows.find((each) => each.symbol === symbol);
        const text = await redis.cli('get', `market_data:${symbol}`);
        if (text === '') expect(row).toMatchObject({ price: null, problem: 'not in the cache' });
        else {
          expect(row).toMatchObject({ price: JSON.parse(text).ltp, problem: null });
          expect(current_price).toBe(JSON.parse(text).ltp);
          expect(unrealized_pnl).toBeCloseTo(
            (Number(current_price) - Number(average_price)) * Number(quantity),
            4,
          );
        }
      }
    } finally {
      await Promise.all([redis.stop(), db.close()]);
    }
  });
});
