import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';
import { words } from '../helpers/words.ts';

describe.each(databases)('a price or quantity that is probably a mistake, on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    // The defaults of the program, which a test database turns off.
    delete db.env['PINNACLE_GUARD_PRICE_MOVE'];
    delete db.env['PINNACLE_GUARD_SHARES'];
    await given.user(db);
  });
  afterAll(() => db?.close());

  const UNSURE = { code: 4, error: 'NEEDS_ANSWER' };

  it('a fill worse than its limit needs --yes, and is booked with it', async () => {
    const order = await given.order(db, { symbol: 'ITC', type: 'LIMIT', price: 400 });
    const fill = `order fill ${order} --quantity 10 --price 4000 --broker-fill-id B1`;
    const { message } = await db.refused(fill, { ...UNSURE, stderr: /--yes/ });
    expect(message).toContain('4000 is worse than the limit of the order, 400. Book it all the same?');
    expect(await db.json('order', 'show', order)).toMatchObject({ status: 'PENDING', filled_quantity: 0 });
    expect((await db.cli(...words(`${fill} --dry-run`))).code).toBe(0);
    expect(await db.json(...words(`${fill} --yes`))).toMatchObject({ status: 'FILLED', filled_price: 4000 });
    // What is booked is no question any more.
    expect((await db.cli(...words(fill))).stderr).toContain('already booked');
  });

  it('a person is asked, and may say yes', async () => {
    const order = await given.order(db, { symbol: 'WIPRO', type: 'LIMIT', price: 400 });
    const fill = words(`order fill ${order} --quantity 10 --price 4000`);
    const answer = { to: 'all the same?', keys: 'y\r' };
    expect(await db.cliWith({ tty: true, answer }, ...fill)).toMatchObject({ code: 0 });
    expect(await db.json('order', 'show', order)).toMatchObject({ filled_quantity: 10 });
  });

  it('a fill and a mark far from the last price need --yes', async () => {
    await given.position(db, { symbol: 'TCS', price: 4012.5 });
    const order = await given.order(db, { symbol: 'TCS' });
    await db.query("UPDATE positions SET marked_at = now() WHERE symbol = 'TCS'");
    await db.refused(`order fill ${order} --quantity 10 --price 401.25`, UNSURE);
    const { message } = await db.refused('position mark TCS=400', UNSURE);
    expect(message).toContain('TCS: 400 is 90.0 % below the last price, 4012.5 (quote of ');
    await db.refused('position mark --file -', UNSURE, { stdin: 'symbol,price\nTCS,400\n' });
    await db.json('position', 'mark', 'TCS=3300');
    expect(await db.json(...words('position mark TCS=400 --yes'))).toMatchObject([{ price: 400 }]);
    await db.refused('position mark TCS=4000', UNSURE);
  });

  it('more shares than the configuration says need --yes', async () => {
    const order = await given.order(db, { symbol: 'IDEA', quantity: 2_000_000 });
    const fill = words(`order fill ${order} --quantity 2000000 --price 7`);
    await db.refused(fill, UNSURE, { env: { PINNACLE_GUARD_SHARES: '1999999' } });
    expect((await db.cliWith({ env: { PINNACLE_GUARD_SHARES: '2000000' } }, ...fill)).code).toBe(0);
    const wrong = { env: { PINNACLE_GUARD_PRICE_MOVE: 'banana' } };
    expect((await db.cliWith(wrong, ...fill)).code).toBe(78);
  });
});

describe.each(databases)('a price far from the newest one that is known, on $name', ({ open }) => {
  let db: TestDatabase;
  let redis: TestRedis;
  beforeAll(async () => {
    [db, redis] = await Promise.all([open(), startRedis()]);
    delete db.env['PINNACLE_GUARD_PRICE_MOVE'];
    for (const user of ['trader_001', 'trader_002']) await given.user(db, user);
  });
  afterAll(() => Promise.all([redis?.stop(), db?.close()]));

  const ago = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();
  /** The exit code of a fill at a price, and what it was compared with. */
  const filled = async (
    symbol: string,
    price: number,
    { user = 'trader_001', at = '', env = {}, side = 'BUY', quantity = 1 } = {},
  ) => {
    const order = await given.order(db, { symbol, user, side, quantity });
    await db.query("UPDATE orders SET created_at = now() - interval '60 days' WHERE order_id = $1", [order]);
    const { code, stderr } = await db.cliWith(
      { env },
      ...words(`order fill ${order} --quantity ${quantity} --price ${price} --no-input`),
      ...(at ? ['--at', at] : []),
    );
    return { code, known: /the last price, (\S+) \((\w+) of/.exec(stderr)?.slice(1) };
  };
  const booked = { code: 0, known: undefined };

  it('is asked about: of a fill, of a mark by hand, of a mark from a quote', async () => {
    expect(await filled('TCS', 4_000)).toEqual(booked);
    expect(await filled('TCS', 40_000)).toEqual({ code: 4, known: ['4000', 'fill'] });
    expect(await filled('TCS', 4_800)).toEqual(booked);
    await db.json(...words('position mark TCS=5500'));
    expect(await filled('TCS', 4_300)).toEqual({ code: 4, known: ['5500', 'mark'] });
    await db.query("UPDATE positions SET current_price = 3000, marked_at = now() WHERE symbol = 'TCS'");
    expect(await filled('TCS', 5_500)).toEqual({ code: 4, known: ['3000', 'quote'] });
    // Another user, who never held it, knows nothing of it.
    expect(await filled('TCS', 40_000, { user: 'trader_002' })).toEqual(booked);
  });

  it('of a closed position, too, and of no other symbol', async () => {
    await given.position(db, { symbol: 'ITC', quantity: 10, price: 400 });
    await given.position(db, { symbol: 'ITC', side: 'SELL', quantity: 10, price: 410 });
    expect(await filled('ITC', 41)).toEqual({ code: 4, known: ['410', 'fill'] });
    expect(await filled('INFY', 41)).toEqual(booked);
  });

  it('of the quote in Redis, where that is newer; Redis that is gone holds nothing up', async () => {
    db.env['REDIS_URL'] = redis.url;
    expect(await filled('LT', 3_000)).toEqual(booked);
    const quote = (ltp: number, timestamp: string) =>
      redis.cli('set', 'market_data:LT', JSON.stringify({ ltp, timestamp }));
    await quote(300, ago(1));
    expect(await filled('LT', 3_100)).toEqual(booked);
    await quote(300, new Date(Date.now() + 1_000).toISOString());
    expect(await filled('LT', 3_100)).toEqual({ code: 4, known: ['300', 'quote'] });
    const marked = await db.cli(...words('position mark LT=3100 --no-input'));
    expect(marked).toMatchObject({ code: 4, stderr: expect.stringContaining('LT: 3100 is 933.3 % above') });
    const gone = await filled('LT', 3_100, { env: { REDIS_URL: 'redis://127.0.0.1:1' } });
    expect(gone).toEqual({ code: 8, known: undefined });
    delete db.env['REDIS_URL'];
  });

  it('is that of the execution that turned a position, at its time', async () => {
    expect(await filled('SBIN', 100, { at: ago(30) })).toEqual(booked);
    expect(await filled('SBIN', 110, { at: ago(29), side: 'SELL', quantity: 2 })).toEqual(booked);
    expect(await filled('SBIN', 300, { side: 'SELL', quantity: 1 })).toEqual(booked);
    expect(await filled('SBIN', 310, { quantity: 3 })).toEqual(booked);
    expect(await filled('SBIN', 31)).toEqual({ code: 4, known: ['310', 'fill'] });
  });

  it('is not asked about where the price is of long ago, or the execution', async () => {
    await db.query(
      `UPDATE positions SET current_price = 100, marked_at = now() - interval '8 days' WHERE symbol = 'TCS'`,
    );
    expect(await filled('TCS', 1_000)).toEqual(booked);
    expect(await filled('TCS', 100)).toEqual({ code: 4, known: ['1000', 'fill'] });
    expect(await filled('TCS', 100, { at: ago(30) })).toEqual(booked);
    // The report of last month is booked last, and is no price of today.
    expect(await filled('TCS', 5_000)).toEqual(booked);
    await db.query(
      `UPDATE positions SET current_price = 100, marked_at = NULL, updated_at = now() - interval '8 days' WHERE symbol = 'TCS'`,
    );
    const marked = await db.cli(...words('position mark TCS=1000 --no-input'));
    expect(marked.code).toBe(0);
  });
});
