import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

type Order = Record<string, unknown>;
type Life = { at: string; event: string; detail: string }[];

describe.each(databases)('the steps of an order on $name', ({ open }) => {
  let db: TestDatabase;
  let next = 0;

  beforeAll(async () => {
    db = await open();
    await given.user(db);
  });
  afterAll(() => db.close());

  const run = (line: string) => db.json<Order>(...words(line));
  const place = (flags = {}) =>
    given.order(db, { orderId: `step-${++next}`, type: 'LIMIT', price: 100, ...flags });
  const refusal = async (line: string, code = 5) => {
    const { message, hint } = await db.refused(line, { code });
    return `${message} ${hint}`;
  };
  const audits = async (id: string) =>
    (await db.audits('order %'))
      .filter(({ target }) => target === `order ${id}`)
      .map(({ command }) => command);

  it('accept places it under the id of the broker, once', async () => {
    const id = await place();
    expect(await run(`order accept ${id} --broker-order-id B1`)).toMatchObject({
      status: 'PLACED',
      broker_order_id: 'B1',
    });
    await run(`order accept ${id} --broker-order-id B1`);
    expect(await refusal(`order accept ${id} --broker-order-id B2`)).toContain(
      `Order ${id} is PLACED; a placement needs PENDING.`,
    );
    expect(await audits(id)).toEqual(['order place', 'order accept']);
    expect(await refusal('order accept nothing --broker-order-id B1', 3)).toContain(
      'There is no order nothing',
    );
  });

  it('reject keeps the reason and notifies; retry makes it PENDING again and counts', async () => {
    const id = await place();
    expect(await run(`order reject ${id} --reason "margin shortfall"`)).toMatchObject({
      status: 'REJECTED',
      error_message: 'margin shortfall',
    });
    await run(`order reject ${id} --reason again`);
    const { rows } = await db.query(
      "SELECT notification_type, alert_level, message FROM notifications WHERE data ->> 'order_id' = $1",
      [id],
    );
    expect(rows).toEqual([
      {
        notification_type: 'ORDER_REJECTED',
        alert_level: 'ERROR',
        message: 'BUY 10 TCS: margin shortfall',
      },
    ]);
    expect(await refusal(`order fill ${id} --quantity 1 --price 100`)).toContain(`Order ${id} is REJECTED`);
    expect(await run(`order retry ${id}`)).toMatchObject({
      status: 'PENDING',
      retry_count: 1,
      error_message: '',
      broker_order_id: '',
    });
    expect(await refusal(`order retry ${id}`)).toContain(`Order ${id} is PENDING; a retry needs REJECTED.`);
    expect(await audits(id)).toEqual(['order place', 'order reject', 'order retry']);
  });

  it('amend changes what is left of a working order, never below what is filled', async () => {
    const id = await place();
    await run(`order fill ${id} --quantity 4 --price 100`);
    expect(await run(`order amend ${id} --quantity 20 --price 101.5`)).toMatchObject({
      quantity: 20,
      price: 101.5,
      filled_quantity: 4,
      status: 'PARTIALLY_FILLED',
    });
    await run(`order amend ${id} --quantity 20`);
    for (const quantity of [3, 4])
      expect(await refusal(`order amend ${id} --quantity ${quantity}`)).toContain('4 filled');
    expect(await refusal(`order amend ${id}`, 2)).toContain('Nothing to amend');
    await refusal(`order amend ${id} --quantity 0`, 2);
    expect(await refusal(`order reject ${id} --reason late`)).toContain(
      'PARTIALLY_FILLED; a rejection needs',
    );
    await run(`order fill ${id} --quantity 16 --price 100`);
    expect(await refusal(`order amend ${id} --quantity 30`)).toContain('FILLED; an amendment needs');
    expect(await audits(id)).toEqual(['order place', 'order fill', 'order amend', 'order fill']);
    // Its life begins with the terms it was placed with, not with those of its row now.
    const { life } = (await run(`order show ${id}`)) as { life: { event: string; detail: string }[] };
    expect(life[0]).toMatchObject({ event: 'placed', detail: 'BUY 10 TCS LIMIT at 100' });
    expect(life.map(({ detail }) => detail)).toContainEqual(
      expect.stringMatching(/^order amend by \w+: 20 at 101\.5$/),
    );
  });

  it('a late fill raises what is filled, completes only when it is whole, and warns', async () => {
    const id = await place();
    await run(`order cancel ${id}`);
    expect(await run(`order fill ${id} --quantity 4 --price 100`)).toMatchObject({
      status: 'CANCELLED',
      filled_quantity: 4,
    });
    expect(await run(`order fill ${id} --quantity 6 --price 100`)).toMatchObject({ status: 'FILLED' });
    const { rows } = await db.query(
      "SELECT alert_level FROM notifications WHERE data ->> 'order_id' = $1 ORDER BY notification_id",
      [id],
    );
    expect(rows.map((row) => row['alert_level'])).toEqual(['WARNING', 'WARNING']);
  });

  it('an overfill needs a word, and is flagged and told as critical', async () => {
    const id = await place();
    expect(await refusal(`order fill ${id} --quantity 11 --price 100`)).toContain('--allow-overfill');
    expect(await run(`order fill ${id} --quantity 11 --price 100 --allow-overfill`)).toMatchObject({
      status: 'FILLED',
      filled_quantity: 11,
    });
    const fills = await db.query('SELECT overfill FROM order_fills WHERE order_id = $1', [id]);
    expect(fills.rows).toEqual([{ overfill: true }]);
    const told = await db.query("SELECT alert_level FROM notifications WHERE data ->> 'order_id' = $1", [id]);
    expect(told.rows).toEqual([{ alert_level: 'CRITICAL' }]);
  });

  it('show tells the whole life in time order, to people and machines', async () => {
    const first = await place({ symbol: 'INFY' });
    await run(`order accept ${first} --broker-order-id B9`);
    await run(`order fill ${first} --quantity 10 --price 1500 --broker-fill-id X1`);
    const second = await place({ symbol: 'INFY', side: 'SELL', quantity: 15 });
    await run(`order fill ${second} --quantity 5 --price 1510`);
    await run(`order fill ${second} --quantity 10 --price 1490`);
    const { life } = await db.json<{ life: Life }>('order', 'show', first);
    expect(life.map(({ event }) => event)).toEqual([
      'placed',
      'audit',
      'audit',
      'fill',
      'position',
      'notification',
      'audit',
    ]);
    expect(life.map(({ at }) => Date.parse(at))).toEqual(
      life.map(({ at }) => Date.parse(at)).sort((a, b) => a - b),
    );
    expect(life.find(({ event }) => event === 'fill')?.detail).toBe('10 at 1500, broker fill X1');
    const after = await db.json<{ life: Life }>('order', 'show', second);
    const effects = after.life.filter(({ event }) => event === 'position').map(({ detail }) => detail);
    expect(effects[0]).toMatch(/^reduced LONG pos_\w+, realized 50\.00$/);
    expect(effects[1]).toMatch(/^closed LONG pos_\w+, realized -50\.00; opened pos_\w+ with the rest$/);
    await refusal(`order reject ${second} --reason late`);
    const denied = await db.json<{ life: Life }>('order', 'show', second);
    expect(denied.life.at(-1)).toMatchObject({
      event: 'audit',
      detail: expect.stringMatching(/^order reject, denied, by /),
    });
    const terminal = await db.cliWith({ tty: true }, 'order', 'show', second);
    expect(terminal.stdout).toMatch(/\n[^\n]*Life[^\n]*\n[^\n]*event/);
    const piped = await db.cli('order', 'show', second);
    expect(piped.stdout.split('\n').filter((line) => line.startsWith('life\t')).length).toBe(
      denied.life.length,
    );
  });

  it('cancel of many says what it touches, needs --yes, and leaves what is filled', async () => {
    await run('order cancel --all --yes');
    const [one, two, other] = [await place(), await place(), await place({ symbol: 'WIPRO' })];
    await run(`order fill ${two} --quantity 4 --price 100`);
    const asked = await refusal('order cancel --user trader_001 --symbol TCS', 4);
    expect(asked).toContain('This cancels 2 working orders of trader_001 in TCS.');
    expect(await refusal('order cancel', 2)).toContain('Say what to cancel');
    expect(await refusal(`order cancel ${one} --all`, 2)).toContain('not both');
    const cancelled = await db.json<Order[]>(...words('order cancel --user trader_001 --symbol TCS --yes'));
    expect(cancelled).toMatchObject([
      { order_id: one, status: 'CANCELLED', filled_quantity: 0 },
      { order_id: two, status: 'CANCELLED', filled_quantity: 4 },
    ]);
    expect(await run(`order show ${other}`)).toMatchObject({ status: 'PENDING' });
    const audited = await db.audits('order cancel');
    expect(audited.filter(({ target }) => target === 'user trader_001')).toMatchObject([
      { body: { cancelled: 2 } },
    ]);
    expect(await db.json('order', 'cancel', '--strategy', 'nothing')).toEqual([]);
  });
});

describe.each(servers)('sessions and the fills in them on $name', ({ open }) => {
  it('count orders, credit to the paisa, and keep the true drawdown of equity', async () => {
    const db = await open();
    try {
      await given.user(db);
      await db.query(
        "INSERT INTO trading_sessions (session_id, user_id, capital_at_start) VALUES ('s1', 'trader_001', 1000000)",
      );
      await given.position(db, { quantity: 100, price: 1000 });
      const sold = await given.order(db, { side: 'SELL', quantity: 100 });
      // Equity 1,005,000 (half of it unrealized) is the peak; then 990,000 is 15,000 below it.
      await given.fill(db, sold, { quantity: 50, price: 1050 });
      await given.fill(db, sold, { quantity: 50, price: 750.01 });
      const { rows } = await db.query(
        'SELECT total_orders, successful_orders, total_pnl, peak_equity, max_drawdown FROM trading_sessions',
      );
      expect(rows).toEqual([
        {
          total_orders: 2,
          successful_orders: 2,
          total_pnl: -9999.5,
          peak_equity: 1005000,
          max_drawdown: ((1005000 - 990000.5) / 1005000) * 100,
        },
      ]);
      const fills = await db.query('SELECT DISTINCT session_id FROM order_fills');
      expect(fills.rows).toEqual([{ session_id: 's1' }]);
    } finally {
      await db.close();
    }
  });
});
