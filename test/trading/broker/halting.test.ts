import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { giveRing } from '../../helpers/ring.ts';
import { type StandIn, startStandIn } from '../../helpers/stand-in/server.ts';
import {
  giveBroker,
  giveClient,
  giveInstrument,
  giveLimits,
  giveSession,
} from '../../helpers/stand-in/trader.ts';
import type { StandInClient } from '../../helpers/stand-in/types.ts';
import { words } from '../../helpers/words.ts';

interface Halted {
  orders_cancelled: number;
  at_broker: number;
  left: { order_id: string; user_id: string; broker_order_id: string; status: string; why: string }[];
}

describe.each(servers)('the kill switch at the broker on $name', ({ open }) => {
  let db: TestDatabase;
  let standIn: StandIn;
  const clients = new Map<string, StandInClient>();

  beforeAll(async () => {
    db = await open();
    await giveRing(db);
    standIn = await startStandIn({ otherwise: 'rest', hangMs: 1_500, enforceLimits: true });
    giveBroker(db, standIn);
    await giveInstrument(db, 'SBIN', '3045');
  });
  afterAll(async () => {
    await standIn.stop();
    await db.close();
  });

  const giveTrader = async (user: string) => {
    await given.user(db, user);
    const client = await giveClient(db, standIn, user);
    await giveSession(db, standIn, user, client);
    clients.set(user, client);
    return user;
  };
  /** Orders that work at the broker, as services write them that place there themselves. */
  const giveWorking = async (user: string, many: number) => {
    const client = clients.get(user)?.clientCode ?? '';
    const ids = Array.from({ length: many }, () => standIn.placeByHand(client).id);
    await db.query(
      `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, status, broker_order_id)
       SELECT user_id || '-' || id, user_id, 'SBIN', 'BUY', 'LIMIT', 10, 100, 'PLACED', id
       FROM (SELECT $1::varchar AS user_id, unnest($2::text[]) AS id) AS placed`,
      [user, ids],
    );
  };
  const place = (user: string, id: string) =>
    given.order(db, { user, orderId: id, symbol: 'SBIN', type: 'LIMIT', price: 100 });
  const halt = async (line: string) => {
    const { code, stdout, stderr } = await db.cli(...words(`risk halt ${line} --reason test --yes --json`));
    if (stdout === '') throw new Error(stderr);
    return { code, ...(JSON.parse(stdout) as Halted) };
  };
  const resume = (name: string) =>
    db.json(...words(`risk resume ${name} --reason over --confirm ${name.replace('--', '')}`));
  const statuses = async (user: string) => {
    const { rows } = await db.query(
      'SELECT status::text, count(*)::int AS n FROM orders WHERE user_id LIKE $1 GROUP BY 1',
      [user],
    );
    return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
  };
  const statusOf = async (id: string) => (await db.json('order', 'show', id))['status'];
  const working = (user: string) =>
    [...standIn.book.orders.values()].filter(
      ({ client, status }) => client === clients.get(user)?.clientCode && status === 'open',
    );

  it('cancels 200 orders there within the limits, and ends 6 until none is left', async () => {
    const users = ['many_1', 'many_2', 'many_3', 'many_4'];
    for (const user of users) {
      await giveTrader(user);
      await giveWorking(user, 50);
    }
    await place('many_1', 'unsent');
    // The exchange takes its time, and the broker refuses one.
    standIn.control.advanceOnRead = false;
    standIn.control.next = { cancel: ['hang', 'html-502', 'access-rate', 'reset'] };
    const first = await halt('--all');
    expect({ code: first.code, cancelled: first.orders_cancelled, there: first.at_broker }).toEqual({
      code: 6,
      cancelled: 1,
      there: 200,
    });
    expect(first.left).toHaveLength(200);
    expect(first.left[0]).toMatchObject({
      user_id: 'many_1',
      status: 'PLACED',
      broker_order_id: expect.stringMatching(/^\d{15}$/),
      why: expect.stringContaining('does not show it as cancelled yet'),
    });
    expect(await statuses('many_%')).toEqual({ PLACED: 200, CANCELLED: 1 });
    expect(await db.json('risk', 'status')).toMatchObject([{ user_id: null, halted: true }]);
    for (const user of users) standIn.book.advance(clients.get(user)?.clientCode);
    expect(users.flatMap(working)).toEqual([]);
    const second = await halt('--all');
    expect({ code: second.code, left: second.left, cancelled: second.orders_cancelled }).toEqual({
      code: 0,
      left: [],
      cancelled: 200,
    });
    expect(await statuses('many_%')).toEqual({ CANCELLED: 201 });
    expect(await halt('--all')).toMatchObject({ code: 0, at_broker: 0 });
    for (const user of users) {
      const code = clients.get(user)?.clientCode ?? '';
      expect(standIn.mostWithin(code, 'cancel', 1_000)).toBeLessThanOrEqual(10);
      expect(standIn.mostWithin(code, 'orders', 1_000)).toBe(1);
    }
    expect((await db.cli('reconcile', 'orders', '--all')).code).toBe(0);
    standIn.control.advanceOnRead = true;
    await resume('--all');
  }, 120_000);

  it('comes first in a flatten, whose exits go out whatever is left working there', async () => {
    const user = await giveTrader('flat');
    await given.position(db, { user, symbol: 'SBIN', quantity: 10, price: 100 });
    await giveWorking(user, 2);
    const flatten = (...more: string[]) =>
      db.cli(...words(`risk flatten ${user} --send --reason test --confirm ${user} --json`), ...more);
    standIn.control.advanceOnRead = false;
    standIn.control.next = { cancel: ['html-502'] };
    const first = await flatten();
    const rows: Record<string, unknown>[] = JSON.parse(first.stdout);
    expect({ code: first.code, rows }).toMatchObject({
      code: 6,
      rows: [
        { symbol: 'SBIN', side: 'LONG', quantity: 10, closing_status: 'PLACED', problem: null },
        ...Array(2).fill({
          position_id: null,
          symbol: 'SBIN',
          side: 'BUY',
          quantity: 10,
          problem: expect.stringMatching(/^order flat-\d+ works at the broker still: /),
        }),
      ],
    });
    standIn.book.advance(clients.get(user)?.clientCode);
    standIn.control.advanceOnRead = true;
    const second = await flatten();
    expect({ code: second.code, rows: JSON.parse(second.stdout) }).toMatchObject({
      code: 0,
      // The exit of before works on, and is no second one.
      rows: [{ closing_order_id: rows[0]?.['closing_order_id'], problem: null }],
    });
    expect(await statuses(user)).toEqual({ FILLED: 1, CANCELLED: 2, PLACED: 1 });
    await resume(user);
  });

  it('halts without the broker, names what may work there, and ends 7', async () => {
    giveLimits(db, '1000/s');
    const user = await giveTrader('alone');
    await giveWorking(user, 2);
    await place(user, 'alone-unsent');
    const { PINNACLE_BROKER_URL } = db.env;
    db.env['PINNACLE_BROKER_URL'] = 'http://127.0.0.1:9';
    const first = await halt(user);
    expect(first).toMatchObject({ code: 7, orders_cancelled: 1, at_broker: 2 });
    expect(first.left.map(({ why }) => why)).toEqual(
      Array(2).fill(expect.stringContaining('does not answer')),
    );
    expect(await statuses(user)).toEqual({ PLACED: 2, CANCELLED: 1 });
    await db.refused(`order place --user ${user} --symbol SBIN --side BUY --quantity 1`, {
      code: 5,
      error: 'TRADING_HALTED',
    });
    db.env['PINNACLE_BROKER_URL'] = String(PINNACLE_BROKER_URL);
    expect(await halt(user)).toMatchObject({ code: 0, left: [], orders_cancelled: 2 });
    expect(working(user)).toEqual([]);
    await resume(user);
  });

  it('asks nothing in a dry run', async () => {
    const user = await giveTrader('dry');
    await giveWorking(user, 1);
    const calls = standIn.calls.length;
    const line = `risk halt ${user} --reason test --dry-run --json`;
    const { code, stdout, stderr } = await db.cli(...words(line));
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, at_broker: 1, left: [] });
    expect(stderr).toContain('cancels 1 working order, 1 of them at the broker,');
    expect(standIn.calls).toHaveLength(calls);
  });

  it('finds and cancels an order whose answer was lost, and leaves one that may be there', async () => {
    const user = await giveTrader('lost');
    for (const [id, mishap] of [
      ['lost-there', 'reset-after'],
      ['lost-not-there', 'reset'],
    ] as const) {
      await place(user, id);
      standIn.control.next = { place: [mishap] };
      expect((await db.cli('order', 'send', id)).code).toBe(9);
    }
    const first = await halt(user);
    expect(first).toMatchObject({
      code: 6,
      at_broker: 2,
      orders_cancelled: 1,
      left: [{ order_id: 'lost-not-there', status: 'PENDING', broker_order_id: '' }],
    });
    expect(first.left[0]?.why).toContain('it may be there');
    expect(working(user)).toEqual([]);
    expect(await statusOf('lost-there')).toBe('CANCELLED');
    await db.query(
      `UPDATE broker_calls SET looks = 3, sent_at = sent_at - interval '2 minutes' WHERE order_id = 'lost-not-there'`,
    );
    expect(await halt(user)).toMatchObject({ code: 0, left: [] });
    expect(await statusOf('lost-not-there')).toBe('REJECTED');
  });

  it('keeps what is filled while it cancels, and names what the broker does not have', async () => {
    const user = await giveTrader('partly');
    await giveWorking(user, 2);
    const [half, whole] = working(user);
    if (!half || !whole) throw new Error('there are two orders');
    standIn.book.fill(half, 4);
    standIn.book.fill(whole, 10);
    await db.query(
      `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, status, broker_order_id)
       VALUES ('elsewhere', $1, 'SBIN', 'BUY', 'LIMIT', 10, 100, 'PLACED', '1')`,
      [user],
    );
    const { code, left, ...counts } = await halt(user);
    expect({ code, ...counts }).toMatchObject({ code: 6, at_broker: 3, orders_cancelled: 1 });
    expect(left).toMatchObject([
      { order_id: 'elsewhere', why: expect.stringContaining('has no order 1, which') },
    ]);
    expect(await statuses(user)).toEqual({ CANCELLED: 1, FILLED: 1, PLACED: 1 });
    expect(await db.json('order', 'show', `${user}-${half.id}`)).toMatchObject({ filled_quantity: 4 });
    await db.json('order', 'cancel', 'elsewhere');
    expect(await halt(user)).toMatchObject({ code: 0, left: [] });
  });

  it('cancels here at once what no broker has: of users without an account, and without a broker', async () => {
    const user = await given.user(db, 'offline');
    const accepted = await place(user, 'offline-1');
    await db.json('order', 'accept', accepted, '--broker-order-id', 'B1');
    expect(await halt(user)).toMatchObject({ code: 0, at_broker: 0, orders_cancelled: 1 });
  });

  it('leaves what the books of a file show working', async () => {
    const user = await given.user(db, 'saved');
    const accepted = await place(user, 'saved-1');
    await db.json('order', 'accept', accepted, '--broker-order-id', 'B2');
    const env = { PINNACLE_BROKER: 'file' };
    const line = words(`risk halt ${user} --reason test --yes --json`);
    const { code, stdout } = await db.cliWith({ env }, ...line);
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ at_broker: 1, left: [{ order_id: 'saved-1' }] });
    expect([6, 7]).toContain(code);
    expect(await statusOf('saved-1')).toBe('PLACED');
  });

  it('cancels at the paper broker, and at once what that does not have', async () => {
    const user = await given.user(db, 'papers');
    const env = { PINNACLE_BROKER: 'paper' };
    await place(user, 'papers-1');
    await place(user, 'papers-2');
    expect((await db.cliWith({ env }, 'order', 'send', 'papers-1')).code).toBe(0);
    await db.json('order', 'accept', 'papers-2', '--broker-order-id', 'B3');
    const line = words(`risk halt ${user} --reason test --yes --json`);
    const { code, stdout } = await db.cliWith({ env }, ...line);
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({
      code: 0,
      at_broker: 1,
      orders_cancelled: 2,
      left: [],
    });
    const { rows } = await db.query('SELECT status FROM paper_orders WHERE user_id = $1', [user]);
    expect(rows).toEqual([{ status: 'CANCELLED' }]);
  });
});
