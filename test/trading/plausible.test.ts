import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
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
    expect(message).toContain('TCS: 400 is 90.0 % below the last price, 4012.5.');
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
