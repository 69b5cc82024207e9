import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

describe.each(databases)('position close on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db);
  });
  afterAll(() => db.close());

  const refusal = (...argv: string[]) => db.refused(['position', 'close', ...argv], { code: 5 });

  it('places the opposite order once, closes when it fills, and then no more', async () => {
    const position = await given.position(db, { price: 4000 });
    const { order_id: taken } = await db.json('position', 'show', position, '--json', 'order_id');
    expect(await refusal(position, '--order-id', String(taken))).toMatchObject({ code: 'ORDER_EXISTS' });
    const waiting = await db.json('position', 'close', position);
    expect(waiting).toMatchObject({
      position_id: position,
      status: 'OPEN',
      quantity: 10,
      closing_status: 'PENDING',
      credited: '0.00',
    });
    const order = String(waiting['closing_order_id']);
    expect(await db.json('order', 'show', order)).toMatchObject({
      side: 'SELL',
      order_type: 'MARKET',
      quantity: 10,
      symbol: 'TCS',
      user_id: 'trader_001',
      status: 'PENDING',
    });
    expect(await refusal(position)).toMatchObject({
      code: 'ALREADY_CLOSING',
      message: expect.stringContaining(order),
    });
    // What is left of it would still turn the position around.
    await given.fill(db, order, { quantity: 4, price: 4010 });
    expect(await refusal(position, '--price', '4010')).toMatchObject({ code: 'ALREADY_CLOSING' });
    await given.fill(db, order, { quantity: 6, price: 4010 });
    const closed = await db.json('position', 'show', position);
    expect(closed).toMatchObject({ status: 'CLOSED', realized_pnl: '100.00' });
    expect(await refusal(position)).toMatchObject({
      code: 'POSITION_CLOSED',
      message: expect.stringContaining(String(closed['closed_at'])),
    });
  });

  it('with a price closes at once and credits the capital, halted and with its strategy paused', async () => {
    await given.user(db, 'trader_002');
    await given.strategy(db, 's1');
    await db.json(...words('strategy activate s1 --user trader_002 --allocation 1000'));
    const position = await given.position(db, {
      ...{ user: 'trader_002', symbol: 'INFY', side: 'SELL', strategy: 's1' },
      ...{ quantity: 7, price: 1500.1 },
    });
    const other = await given.position(db, { user: 'trader_002', symbol: 'INFY', quantity: 3, price: 1500 });
    await db.json(...words('risk halt trader_002 --reason test --yes'));
    const result = await db.json(
      ...words(`position close ${position} --price 1490.35 --broker-fill-id X-1 --json`),
    );
    expect(result).toMatchObject({
      status: 'CLOSED',
      quantity: 0,
      unrealized_pnl: '0.00',
      realized_pnl: '68.25',
      closing_status: 'FILLED',
      credited: '68.25',
    });
    expect(await db.json('order', 'show', String(result['closing_order_id']))).toMatchObject({
      side: 'BUY',
      strategy_id: 's1',
      status: 'FILLED',
      filled_price: 1490.35,
    });
    expect(await db.json('user', 'show', 'trader_002')).toMatchObject({ total_capital: '1000068.25' });
    expect(await db.json('position', 'show', other)).toMatchObject({ status: 'OPEN', quantity: 3 });
    const { rows } = await db.query(
      `SELECT f.broker_fill_id, a.command FROM order_fills f JOIN audit_log a ON a.target = 'order ' || f.order_id
       WHERE f.order_id = $1`,
      [result['closing_order_id']],
    );
    expect(rows).toEqual([{ broker_fill_id: 'X-1', command: 'position close' }]);
    expect((await db.cli('doctor', 'ledger')).code).toBe(0);
  });

  it('refuses what is not there or makes no sense, and changes nothing in a dry run', async () => {
    const position = await given.position(db, { symbol: 'ITC', quantity: 5, price: 400 });
    const before = await db.json('order', 'list', '--all');
    for (const [line, code] of [
      ['nothing', 3],
      [`${position} --price 0`, 2],
      [`${position} --price NaN`, 2],
      [`${position} --broker-fill-id X`, 2],
    ] as const)
      await db.refused(`position close ${line}`, { code });
    expect(await db.json(...words(`position close ${position} --price 401 --dry-run`))).toMatchObject({
      status: 'CLOSED',
      credited: '5.00',
    });
    expect(await db.json('order', 'list', '--all')).toEqual(before);
    expect(await db.json('position', 'show', position)).toMatchObject({ status: 'OPEN' });
  });
});

describe.each(servers)('position close on $name', ({ open }) => {
  it('closes once, however many close it at once', async () => {
    const db = await open();
    await given.user(db);
    const position = await given.position(db, { price: 4000 });
    const close = (i: number) =>
      db.cli('position', 'close', position, ...(i % 2 === 0 ? ['--price', '4001'] : []));
    const ended = await Promise.all(Array.from({ length: 8 }, (_, i) => close(i)));
    expect(ended.map(({ code }) => code).sort()).toEqual([0, 5, 5, 5, 5, 5, 5, 5]);
    const { rows } = await db.query("SELECT count(*)::int AS n FROM orders WHERE side = 'SELL'");
    expect(rows).toEqual([{ n: 1 }]);
    expect((await db.cli('doctor', 'ledger')).code).toBe(0);
    await db.close();
  });
});
