import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

describe.each(databases)('the life of an order on $name', ({ open }) => {
  let db: TestDatabase;
  let next = 0;
  const id = () => `ord-${++next}`;

  beforeAll(async () => {
    db = await open();
    await given.user(db);
  });
  afterAll(() => db.close());

  const place = (order: string, symbol: string, side: string, quantity: number, ...more: string[]) =>
    db.json(
      ...words(
        `order place --order-id ${order} --user trader_001 --symbol ${symbol} --side ${side} --quantity ${quantity}`,
      ),
      ...more,
    );
  const fill = (order: string, quantity: number, price: number, ...more: string[]) =>
    db.json('order', 'fill', order, '--quantity', String(quantity), '--price', String(price), ...more);
  const positions = (symbol: string) =>
    db.json<Record<string, unknown>[]>('position', 'list', '--symbol', symbol, '--status', 'any');

  it('places an order as PENDING with its audit row in the same transaction', async () => {
    const order = id();
    const placed = await place(order, 'RELIANCE', 'BUY', 10, '--type', 'LIMIT', '--price', '2450.50');
    expect(placed).toMatchObject({
      order_id: order,
      status: 'PENDING',
      price: 2450.5,
      filled_quantity: 0,
      order_type: 'LIMIT',
    });
    expect(await db.audits('order %')).toMatchObject([
      { target: `order ${order}`, body: { order: { order_id: order } } },
    ]);
  });

  it('fills in parts at the weighted mean, then is FILLED', async () => {
    const order = id();
    await place(order, 'TCS', 'BUY', 100);
    expect(await fill(order, 40, 10)).toMatchObject({
      status: 'PARTIALLY_FILLED',
      filled_quantity: 40,
      filled_price: 10,
    });
    expect(await fill(order, 60, 12.5)).toMatchObject({
      status: 'FILLED',
      filled_quantity: 100,
      filled_price: 11.5,
    });
    expect(await positions('TCS')).toMatchObject([
      { side: 'LONG', quantity: 100, average_price: 11.5, status: 'OPEN', order_id: order },
    ]);
  });

  it('flips a LONG into a new SHORT row and credits the capital to the paisa', async () => {
    const before = await db.json<{ total_capital: string }>('user', 'show', 'trader_001');
    const [buy, sell] = [id(), id()];
    await place(buy, 'INFY', 'BUY', 100);
    await fill(buy, 100, 1500.1);
    await place(sell, 'INFY', 'SELL', 150);
    expect(await fill(sell, 150, 1510.35)).toMatchObject({ realized_pnl: '1025.00' });
    const rows = await positions('INFY');
    expect(
      rows.map(({ side, quantity, status, realized_pnl }) => ({ side, quantity, status, realized_pnl })),
    ).toEqual(
      expect.arrayContaining([
        { side: 'LONG', quantity: 0, status: 'CLOSED', realized_pnl: '1025.00' },
        { side: 'SHORT', quantity: 50, status: 'OPEN', realized_pnl: '0.00' },
      ]),
    );
    const after = await db.json<{ total_capital: string }>('user', 'show', 'trader_001');
    expect(Number(after.total_capital) - Number(before.total_capital)).toBeCloseTo(1025, 2);
  });

  it('counts the same execution once, and refuses the same id with other data', async () => {
    const order = id();
    await place(order, 'ITC', 'BUY', 10);
    const first = await fill(order, 4, 400, '--broker-fill-id', 'X1');
    expect(await fill(order, 4, 400, '--broker-fill-id', 'X1')).toMatchObject({
      filled_quantity: 4,
      fill_id: (first as { fill_id?: string }).fill_id,
    });
    const other = `order fill ${order} --quantity 5 --price 400 --broker-fill-id X1`;
    const refused = await db.refused(other, { code: 5, error: 'FILL_CONFLICT' });
    expect(refused.changed).toBe(false);
    const { rows } = await db.query('SELECT count(*)::int AS n FROM order_fills WHERE order_id = $1', [
      order,
    ]);
    expect(rows).toEqual([{ n: 1 }]);
  });

  it('refuses to fill more than is left, and leaves the book as it was', async () => {
    const order = id();
    await place(order, 'SBIN', 'BUY', 10);
    const fill = `order fill ${order} --quantity 11 --price 600`;
    await db.refused(fill, { code: 5, stderr: '10 left to fill' });
    expect(await positions('SBIN')).toEqual([]);
  });

  it('cancels what is working, once; a filled order stays filled', async () => {
    const [working, done] = [id(), id()];
    await place(working, 'LT', 'BUY', 10);
    await fill(working, 3, 3400);
    expect(await db.json('order', 'cancel', working)).toMatchObject({
      status: 'CANCELLED',
      filled_quantity: 3,
    });
    expect(await db.json('order', 'cancel', working)).toMatchObject({ status: 'CANCELLED' });
    expect(await fill(working, 2, 3401)).toMatchObject({ status: 'CANCELLED', filled_quantity: 5 });
    await place(done, 'LT', 'BUY', 1);
    await fill(done, 1, 3400);
    await db.refused(`order cancel ${done}`, { code: 5, stderr: 'FILLED' });
  });

  it('names what does not exist and what may not be', async () => {
    const order = '--symbol TCS --side BUY --quantity 1';
    await db.refused(`order place --user nobody ${order}`, { code: 3, stderr: 'no user nobody' });
    await db.refused('order show nothing', { code: 3 });
    await db.refused('order fill nothing --quantity 1 --price 1', { code: 3 });
    await db.refused('order cancel nothing', { code: 3 });
    await db.refused('position show nothing', { code: 3 });
    const known = `order place --user trader_001 ${order}`;
    await db.refused(`${known} --strategy none`, { code: 3 });
    await db.refused(`${known} --type LIMIT`, { code: 2, stderr: '--price' });
    const twice = await given.order(db);
    await db.refused(`${known} --order-id ${twice}`, { code: 5, stderr: twice });
  });

  it.each([
    ['--quantity', '-5'],
    ['--quantity', '1.5'],
    ['--quantity', '99999999999'],
    ['--side', 'HOLD'],
    ['--symbol', 'A\u001b[31mB'],
    ['--symbol', 'S'.repeat(51)],
    ['--order-id', 'x'.repeat(60)],
    ['--price', '-1'],
    ['--price', 'NaN'],
  ])('refuses %s %j with exit 2 and writes nothing', async (flag, value) => {
    const flags: Record<string, string> = {
      '--user': 'trader_001',
      '--symbol': 'TCS',
      '--side': 'BUY',
      '--quantity': '1',
      [flag]: value,
    };
    const before = await db.json('order', 'list', '--all');
    const argv = ['order', 'place', ...Object.entries(flags).flat()];
    const { message } = await db.refused(argv, { code: 2, stderr: flag });
    expect(message).not.toContain('\u001b');
    expect(await db.json('order', 'list', '--all')).toEqual(before);
  });

  it('refuses a fill dated in the future or before its order', async () => {
    const order = id();
    await place(order, 'WIPRO', 'BUY', 1);
    for (const at of ['2199-01-01', '2020-01-01'])
      await db.refused(`order fill ${order} --quantity 1 --price 1 --at ${at}`, { code: 2 });
  });

  it('rolls a dry run back and says so', async () => {
    const order = id();
    const line = `order place --order-id ${order} --user trader_001 --symbol TCS --side BUY --quantity 1`;
    const { code, stdout, stderr } = await db.cli(...words(line), '--dry-run', '--json');
    expect({ code, order: JSON.parse(stdout).order_id }).toEqual({ code: 0, order });
    expect(stderr).toContain('rolled back');
    await db.refused(`order show ${order}`, { code: 3 });
  });

  it('lists newest first by keyset, filtered, and streams everything with --all', async () => {
    const all = await db.json<{ order_id: string }[]>('order', 'list', '--all');
    const first = await db.cliWith({}, 'order', 'list', '--limit', '2', '--json', 'order_id');
    const cursor = /--after (\S+)/.exec(first.stderr)?.[1] ?? '';
    const second = await db.json<{ order_id: string }[]>('order', 'list', '--limit', '2', '--after', cursor);
    expect([...JSON.parse(first.stdout), ...second].map(({ order_id }) => order_id)).toEqual(
      all.slice(0, 4).map(({ order_id }) => order_id),
    );
    const filled = await db.json<{ status: string }[]>('order', 'list', '--status', 'filled', '--all');
    expect(new Set(filled.map(({ status }) => status))).toEqual(new Set(['FILLED']));
    await db.refused('order list --after nonsense', { code: 2 });
  });
});
