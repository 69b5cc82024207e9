import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

describe.each(databases)('what is asked of orders and fills on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db);
  });
  afterAll(() => db.close());

  it('a price is a multiple of the tick, when it is placed and when it is amended', async () => {
    const place = 'order place --user trader_001 --symbol TCS --side BUY --quantity 1 --type LIMIT --price';
    const refused = await db.refused(`${place} 2450.505`, { code: 2 });
    expect(refused.message).toBe('The price of an order must be a multiple of 0.01 rupees, not 2450.505.');
    const order = await given.order(db, { type: 'LIMIT', price: 2450.5 });
    await db.refused(`order amend ${order} --price 2450.505`, { code: 2 });
    const coarse = { env: { PINNACLE_ORDER_TICK: '0.05' } };
    expect((await db.cliWith(coarse, ...words(`${place} 2450.02`))).code).toBe(2);
    expect((await db.cliWith(coarse, ...words(`${place} 2450.15`))).code).toBe(0);
    expect(await given.fill(db, order, { quantity: 10, price: 2450.505 })).toMatch(/^pos_/);
  });

  it('a fill that is booked answers with its ids', async () => {
    const order = await given.order(db);
    const fill = words(`order fill ${order} --quantity 10 --price 100 --broker-fill-id B1 --json`);
    const [first, again] = [await db.cli(...fill), await db.cli(...fill)];
    expect(again.stderr).toContain('The fill B1 is already booked; nothing changed.');
    expect(JSON.parse(again.stdout)).toEqual(JSON.parse(first.stdout));
    expect(JSON.parse(first.stdout)).toMatchObject({ fill_id: expect.stringMatching(/^fil_/) });
  });

  it('fills are listed, latest booked first, page by page', async () => {
    type Fill = { fill_id: string; symbol: string; quantity: number };
    const order = await given.order(db, { symbol: 'ITC' });
    for (const quantity of [1, 2, 3]) await given.fill(db, order, { quantity, price: 400 });
    const fills = (line: string) => db.json<Fill[]>(...words(`fill list ${line}`));
    const all = await fills('--user trader_001 --symbol ITC --since today');
    expect(all.map(({ quantity }) => quantity)).toEqual([3, 2, 1]);
    expect(await fills(`--order ${order}`)).toEqual(all);
    expect(await fills('--symbol ITC --since 2199-01-01')).toEqual([]);
    const first = await db.cli(...words('fill list --symbol ITC --limit 1 --json'));
    const cursor = /--after (\S+)/.exec(first.stderr)?.[1] ?? '';
    const rest = await db.json<Fill[]>('fill', 'list', '--symbol', 'ITC', '--after', cursor);
    expect([...JSON.parse(first.stdout), ...rest]).toEqual(all);
    await db.refused('fill list --user nobody', { code: 3 });
    await db.refused('fill list --after WyJ4Il0', { code: 2 });
  });

  it('a result that no account can hold is refused with its reason, and a smaller one is booked', async () => {
    const all = { symbol: 'IDEA', quantity: 2_147_483_647 };
    const position = await given.position(db, { ...all, price: 1 });
    await db.refused(`position close ${position} --price 10000`, { code: 5, error: 'CAPITAL_LIMIT' });
    expect(await db.json('position', 'close', position, '--price', '3000')).toMatchObject({
      credited: '6440303457353.00',
    });
  });

  it('a fill while the strategy is stopped warns', async () => {
    const strategy = await given.strategy(db, 'halting');
    await db.json(...words(`strategy activate ${strategy} --user trader_001`));
    const order = await given.order(db, { strategy });
    await given.fill(db, order, { quantity: 4, price: 100 });
    await db.json(...words(`strategy stop ${strategy} --user trader_001`));
    await given.fill(db, order, { quantity: 4, price: 100 });
    const { rows } = await db.query(
      "SELECT alert_level::text AS level, title, message FROM notifications WHERE data ->> 'order_id' = $1",
      [order],
    );
    expect(rows).toEqual([
      {
        level: 'WARNING',
        title: `Order ${order} partially filled`,
        message: 'BUY 8 of 10 TCS at ₹100.00, while the strategy halting is STOPPED.',
      },
    ]);
  });
});
