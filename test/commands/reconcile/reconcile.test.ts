import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';
import { orderRow, positionRow, savedBooks, tradeRow } from './saved-books.ts';

const books = savedBooks();
afterAll(() => books.remove());

const complete = { status: 'complete', orderstatus: 'complete', filledshares: '10' };

interface Difference {
  class: string;
  order_id: string | null;
  ours: string;
  theirs: string;
  applied: boolean;
}

describe.each(databases)('reconciling with the broker on $name', ({ open }) => {
  let db: TestDatabase;
  beforeEach(async () => {
    db = await open();
    await given.user(db);
  });
  afterEach(() => db.close());

  /** Runs `reconcile …`; the exit code, the rows and what was said. */
  const reconcile = async (line: string) => {
    const { code, stdout, stderr } = await db.cliWith(
      { env: books.env },
      ...words(`reconcile ${line} --json`),
    );
    const rows: Difference[] = stdout === '' ? [] : [JSON.parse(stdout)].flat();
    return { code, stderr, rows, classes: rows.map((row) => row.class) };
  };
  const clean = async () => {
    const { code, stdout, stderr } = await db.cli('doctor', 'ledger');
    expect(`${code} ${code === 0 ? '' : stdout + stderr}`).toBe('0 ');
  };
  const place = (flags = {}) => given.order(db, { symbol: 'SBIN', type: 'LIMIT', price: 100, ...flags });
  const accept = (order: string, id = '260130000000001') =>
    db.json('order', 'accept', order, '--broker-order-id', id);
  /** What sending an order leaves behind whose answer was lost. */
  const sendIntoTheDark = (order: string, { looks = 0, seconds = 0 } = {}) =>
    db.query(
      `WITH tagged AS (
         UPDATE orders SET order_tag = 'T1' WHERE order_id = $1
       )
       INSERT INTO broker_calls (call_id, user_id, order_id, verb, tag, request, sent_at, outcome, looks)
       SELECT 'cal_1', user_id, order_id, 'place', 'T1', '{}', now() - make_interval(secs => $3), 'unknown', $2
       FROM orders WHERE order_id = $1`,
      [order, looks, seconds],
    );

  it('finds nothing where books agree', async () => {
    await accept(await place());
    await books.save('trader_001', { orders: [orderRow()] });
    expect(await reconcile('orders trader_001')).toMatchObject({ code: 0, rows: [] });
  });

  it('accepts an order whose answer was lost, books its execution, and finds nothing again', async () => {
    const order = await place();
    await sendIntoTheDark(order);
    await books.save('trader_001', {
      orders: [orderRow({ ...complete, ordertag: 'T1' })],
      trades: [tradeRow()],
    });
    const before = await reconcile('orders trader_001');
    expect(before).toMatchObject({ code: 6, classes: ['ORDER_UNACKNOWLEDGED', 'FILL_MISSING'] });
    expect(before.rows.every((row) => !row.applied)).toBe(true);
    expect((await db.json('order', 'show', order))['status']).toBe('PENDING');
    const classes = '--apply ORDER_UNACKNOWLEDGED,FILL_MISSING';
    expect(await reconcile(`orders trader_001 ${classes}`)).toMatchObject({ code: 4 });
    expect(await reconcile(`orders trader_001 ${classes} --dry-run`)).toMatchObject({ code: 6 });
    expect((await db.json('order', 'show', order))['status']).toBe('PENDING');
    expect(await reconcile(`orders trader_001 ${classes} --yes`)).toMatchObject({ code: 0 });
    expect(await db.json('order', 'show', order)).toMatchObject({
      status: 'FILLED',
      broker_order_id: '260130000000001',
      filled_quantity: 10,
    });
    expect((await db.query('SELECT resolved_at FROM broker_calls')).rows[0]?.['resolved_at']).not.toBeNull();
    expect(await reconcile('orders trader_001')).toMatchObject({ code: 0, rows: [] });
    const audits = await db.audits('reconcile orders');
    expect(audits.map(({ target, body }) => ({ target, body }))).toMatchObject([
      {
        target: 'user trader_001',
        body: { reconciled: { accepted: 1, fills: 1, cancelled: 0, rejected: 0 }, orders: [order] },
      },
    ]);
    await clean();
  });

  it('books what is missing and cancels, keeping the executions', async () => {
    const order = await place();
    await accept(order);
    await given.fill(db, order, { quantity: 4, price: 100, brokerFillId: '1' });
    await books.save('trader_001', {
      orders: [
        orderRow({
          status: 'cancelled',
          orderstatus: 'cancelled',
          filledshares: '6',
          text: 'cancelled by user',
        }),
      ],
      trades: [tradeRow({ fillid: '1', fillsize: '4' }), tradeRow({ fillid: '2', fillsize: '2' })],
    });
    const run = await reconcile('orders trader_001 --apply FILL_MISSING,ORDER_STATUS --yes');
    expect(run).toMatchObject({ code: 0, classes: ['FILL_MISSING', 'ORDER_STATUS'] });
    expect(await db.json('order', 'show', order)).toMatchObject({ status: 'CANCELLED', filled_quantity: 6 });
    expect((await reconcile('orders trader_001')).code).toBe(0);
    await clean();
  });

  it('books a late execution, and one beyond the quantity, and says so', async () => {
    const [late, over] = [await place(), await place()];
    await accept(late);
    await accept(over, '260130000000002');
    await db.json('order', 'cancel', late);
    await books.save('trader_001', {
      orders: [
        orderRow({ status: 'cancelled', orderstatus: 'cancelled', filledshares: '3' }),
        orderRow({ ...complete, filledshares: '12', orderid: '260130000000002' }),
      ],
      trades: [
        tradeRow({ fillsize: '3' }),
        tradeRow({ orderid: '260130000000002', fillid: '8', fillsize: '12' }),
      ],
    });
    expect((await reconcile('orders trader_001 --apply FILL_MISSING --yes')).code).toBe(0);
    expect(await db.json('order', 'show', late)).toMatchObject({ status: 'CANCELLED', filled_quantity: 3 });
    expect(await db.json('order', 'show', over)).toMatchObject({ status: 'FILLED', filled_quantity: 12 });
    const notices = await db.json<{ alert_level: string }[]>('notification', 'list', '--user', 'trader_001');
    expect(notices.map(({ alert_level }) => alert_level).sort()).toEqual(['CRITICAL', 'WARNING']);
    expect((await reconcile('orders trader_001')).code).toBe(0);
    await clean();
  });

  it('rejects an order that the broker rejected, and notifies its user', async () => {
    const order = await place();
    await accept(order);
    const text = 'Insufficient Funds. Available funds - Rs. 937.00';
    await books.save('trader_001', {
      orders: [orderRow({ status: 'rejected', orderstatus: 'rejected', text })],
    });
    expect((await reconcile('orders trader_001 --apply ORDER_STATUS --yes')).code).toBe(0);
    expect(await db.json('order', 'show', order)).toMatchObject({ status: 'REJECTED', error_message: text });
    const notices = await db.json<{ notification_type: string }[]>(
      'notification',
      'list',
      '--user',
      'trader_001',
    );
    expect(notices.map((notice) => notice.notification_type)).toEqual(['ORDER_REJECTED']);
  });

  it('rejects what the broker does not have after three looks in a minute, and not before', async () => {
    const order = await place();
    await sendIntoTheDark(order, { seconds: 300 });
    await books.save('trader_001', {});
    for (const looks of [1, 2, 3]) {
      const run = await reconcile('orders trader_001 --apply ORDER_UNKNOWN_AT_BROKER --yes');
      expect(run).toMatchObject({ code: 6, rows: [{ class: 'ORDER_UNKNOWN_AT_BROKER', applied: false }] });
      expect((await db.query('SELECT looks FROM broker_calls')).rows).toEqual([{ looks }]);
    }
    expect((await reconcile('orders trader_001 --apply ORDER_UNKNOWN_AT_BROKER --yes')).code).toBe(0);
    expect(await db.json('order', 'show', order)).toMatchObject({ status: 'REJECTED' });
    expect((await reconcile('orders trader_001')).code).toBe(0);
  });

  it('cancels a day order of yesterday', async () => {
    const order = await place();
    await accept(order);
    await db.query("UPDATE orders SET created_at = created_at - interval '1 day' WHERE order_id = $1", [
      order,
    ]);
    await books.save('trader_001', {});
    const run = await reconcile('orders trader_001 --apply ORDER_EXPIRED --yes');
    expect(run).toMatchObject({ code: 0, classes: ['ORDER_EXPIRED'] });
    const { status, error_message } = await db.json('order', 'show', order);
    expect({ status, error_message }).toEqual({
      status: 'CANCELLED',
      error_message: expect.stringMatching(/^day order of \d{4}-\d\d-\d\d$/),
    });
  });

  it.each([
    'ORDER_STATUS_BACKWARDS',
    'ORDER_TERMS',
    'ORDER_EXTERNAL',
    'FILL_DIFFERS',
    'FILL_UNKNOWN_AT_BROKER',
    'POSITION_QUANTITY',
    'POSITION_AVERAGE',
    'POSITION_RATIO',
    'HOLDING_PLEDGED',
    'FUNDS',
    'UNANSWERED',
  ])('refuses to repair %s', async (name) => {
    await books.save('trader_001', {});
    const { code, stderr } = await reconcile(`orders trader_001 --apply FILL_MISSING,${name} --yes`);
    expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringContaining('NOT_REPAIRABLE') });
  });

  it('never opens an order again, changes its terms or an execution', async () => {
    const [backwards, terms, fills] = [await place(), await place(), await place()];
    await accept(backwards);
    await accept(terms, '260130000000002');
    await accept(fills, '260130000000003');
    await db.json('order', 'cancel', backwards);
    await given.fill(db, fills, { quantity: 10, price: 100, brokerFillId: '9' });
    await books.save('trader_001', {
      orders: [
        orderRow(),
        orderRow({ orderid: '260130000000002', price: '101.00' }),
        orderRow({ orderid: '260130000000003', ...complete }),
      ],
      trades: [tradeRow({ orderid: '260130000000003', fillid: '9', fillprice: '99.00' })],
    });
    const all = 'ORDER_UNACKNOWLEDGED,FILL_MISSING,ORDER_STATUS,ORDER_EXPIRED,ORDER_UNKNOWN_AT_BROKER';
    const run = await reconcile(`orders trader_001 --apply ${all} --yes`);
    expect(run).toMatchObject({
      code: 6,
      classes: ['ORDER_STATUS_BACKWARDS', 'ORDER_TERMS', 'FILL_DIFFERS'],
    });
    expect(run.rows.some(({ applied }) => applied)).toBe(false);
    expect(await db.audits('reconcile orders')).toEqual([]);
  });

  it('ends 7 where a book did not come, and concludes nothing from it', async () => {
    await accept(await place());
    await books.save('trader_001', {}, ['orders']);
    expect(await reconcile('orders trader_001')).toMatchObject({ code: 7, classes: ['UNANSWERED'] });
    await books.save('trader_001', {}, ['positions']);
    expect(await reconcile('positions trader_001')).toMatchObject({ code: 7, classes: ['UNANSWERED'] });
  });

  it('reconciles users who are disabled or halted, several at once', async () => {
    await given.user(db, 'trader_002');
    const [first, second] = [await place(), await place({ user: 'trader_002' })];
    await accept(first);
    await accept(second);
    await db.query("UPDATE users SET enabled = false WHERE user_id = 'trader_001'");
    for (const user of ['trader_001', 'trader_002'])
      await books.save(user, { orders: [orderRow(complete)], trades: [tradeRow()] });
    const run = await reconcile('orders --all --apply FILL_MISSING --yes');
    expect(run).toMatchObject({ code: 0, classes: ['FILL_MISSING', 'FILL_MISSING'] });
    expect((await db.audits('reconcile orders')).length).toBe(2);
    expect((await reconcile('orders --all')).code).toBe(0);
    await clean();
  });

  it('compares funds and never repairs them', async () => {
    await books.save('trader_001', { funds: { net: '98765.43' } });
    expect(await reconcile('funds trader_001')).toMatchObject({
      code: 6,
      rows: [{ class: 'FUNDS', ours: '1000000.00', theirs: '98765.43', difference: '-901234.57' }],
    });
    await books.save('trader_001', {});
    expect(await reconcile('funds trader_001')).toMatchObject({ code: 0 });
  });

  it('names the command for what another program filled', async () => {
    const order = await place();
    await db.query(
      "UPDATE orders SET filled_quantity = 10, filled_price = 100, status = 'FILLED', broker_order_id = '260130000000001' WHERE order_id = $1",
      [order],
    );
    await books.save('trader_001', { orders: [orderRow(complete)], trades: [tradeRow()] });
    const run = await reconcile('orders trader_001 --apply FILL_MISSING --yes');
    expect(run).toMatchObject({ code: 6, classes: ['FILL_MISSING'] });
    expect(run.stderr).toContain('pinnacle ledger adopt trader_001');
    await db.json('ledger', 'adopt', '--user', 'trader_001', '--yes');
    expect(await reconcile('orders trader_001')).toMatchObject({ code: 0, rows: [] });
  });

  describe('adopting', () => {
    it('writes an order of nobody here with its executions', async () => {
      await books.save('trader_001', {
        orders: [orderRow({ ...complete, producttype: 'INTRADAY', text: 'app' })],
        trades: [
          tradeRow({ fillsize: '4', producttype: 'INTRADAY' }),
          tradeRow({ fillid: '8', fillsize: '6', fillprice: '101', producttype: 'INTRADAY' }),
        ],
        positions: [positionRow(10, 100.6, { producttype: 'INTRADAY' })],
      });
      expect(await reconcile('orders trader_001')).toMatchObject({ code: 6, classes: ['ORDER_EXTERNAL'] });
      expect(await reconcile('positions trader_001')).toMatchObject({ code: 0 });
      const line = 'adopt trader_001 --order 260130000000001 --reason app --yes';
      expect(await reconcile(line)).toMatchObject({
        code: 0,
        rows: [{ origin: 'external', quantity: 10, price: 100.6, status: 'FILLED', product: 'MIS' }],
      });
      expect((await reconcile('orders trader_001')).code).toBe(0);
      expect((await reconcile('positions trader_001')).code).toBe(0);
      expect(await reconcile(line)).toMatchObject({
        code: 5,
        stderr: expect.stringContaining('ORDER_EXISTS'),
      });
      expect(await reconcile('adopt trader_001 --order 1 --reason app --yes')).toMatchObject({ code: 3 });
      expect((await db.audits('reconcile adopt'))[0]?.body).toMatchObject({ adopted: { reason: 'app' } });
      await clean();
    });

    it('books one execution that makes a position agree, once', async () => {
      await given.position(db, { symbol: 'SBIN', quantity: 10, price: 100 });
      await books.save('trader_001', { positions: [positionRow(15, 102)] });
      expect(await reconcile('positions trader_001')).toMatchObject({
        code: 6,
        rows: [{ class: 'POSITION_QUANTITY', ours: '10 at 100', theirs: '15 at 102', difference: '5' }],
      });
      const line = 'adopt trader_001 --position SBIN --reason "before our time" --yes';
      expect(await reconcile(line.replace('"before our time"', 'earlier'))).toMatchObject({
        code: 0,
        rows: [{ origin: 'adjust', side: 'BUY', quantity: 5, price: 106 }],
      });
      expect((await reconcile('positions trader_001')).code).toBe(0);
      expect(await reconcile(line.replace('"before our time"', 'again'))).toMatchObject({
        code: 0,
        rows: [{ quantity: 0 }],
      });
      expect((await db.audits('reconcile adopt')).length).toBe(1);
      expect((await reconcile('orders trader_001')).classes).toEqual(['FILL_UNKNOWN_AT_BROKER']);
      await clean();
    });

    it('is refused while executions explain the position, and ends 7 without all books', async () => {
      await accept(await place());
      await books.save('trader_001', {
        orders: [orderRow(complete)],
        trades: [tradeRow()],
        positions: [positionRow(10, 100)],
      });
      const line = 'adopt trader_001 --position SBIN --reason r --yes';
      expect(await reconcile(line)).toMatchObject({
        code: 5,
        stderr: expect.stringContaining('POSITION_EXPLAINED'),
      });
      await books.save('trader_001', { positions: [positionRow(10, 100)] }, ['holdings']);
      expect(await reconcile(line)).toMatchObject({ code: 7 });
    });

    it('closes the position of the strategy that holds it', async () => {
      await given.strategy(db, 'momentum');
      await db.json('strategy', 'activate', 'momentum', '--user', 'trader_001', '--allocation', '1000');
      await given.position(db, { symbol: 'SBIN', quantity: 10, price: 100, strategy: 'momentum' });
      await books.save('trader_001', {});
      expect(await reconcile('adopt trader_001 --position SBIN --reason gone --yes')).toMatchObject({
        code: 0,
        rows: [{ side: 'SELL', quantity: 10, price: 100, strategy_id: 'momentum' }],
      });
      expect(await db.json('position', 'list', '--user', 'trader_001', '--status', 'OPEN')).toEqual([]);
      expect((await db.json('user', 'show', 'trader_001'))['total_capital']).toBe('1000000.00');
      await clean();
    });
  });
});
