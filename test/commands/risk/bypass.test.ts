import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

const LIMIT = 100_000;
const PRICE = 4_000;

describe.each(databases)('no way around a limit on $name', ({ open }) => {
  let db: TestDatabase;
  let user: string;
  let n = 0;
  beforeAll(async () => {
    db = await open();
    for (const id of ['sa', 'sb']) await given.strategy(db, id);
  });
  afterAll(() => db.close());
  beforeEach(async () => {
    user = await given.user(db, `u${++n}`, { capital: 100_000_000 });
  });

  const limit = (rule: string, value: number) => db.json('risk', 'set', user, rule, String(value));
  /** Places an order and fills it where it is accepted, as the market does: at its own price. */
  const trade = async (line: string) => {
    const { code, stdout, stderr } = await db.cli(
      ...words(`order place --user ${user} --symbol TCS ${line} --json`),
    );
    if (code !== 0) return JSON.parse(stderr.split('\n').at(-2) ?? '').error.message as string;
    const { order_id, quantity } = JSON.parse(stdout);
    await db.json(...words(`order fill ${order_id} --quantity ${quantity} --price ${PRICE}`));
    return 'filled';
  };
  const shares = async () => {
    const { rows } = await db.query(
      "SELECT coalesce(sum(quantity), 0)::int AS n FROM positions WHERE user_id = $1 AND status = 'OPEN'",
      [user],
    );
    return Number(rows[0]?.['n']);
  };
  const CHEAP = [
    'BUY --quantity 1000000 --price 0.01',
    'BUY --quantity 1000000 --type STOP_LOSS --price 0.01',
    'SELL --quantity 1000000 --type LIMIT --price 0.01',
    'SELL --quantity 1000000 --price 0.01',
  ];

  it.each(CHEAP)('by an own price: --side %s', async (order) => {
    await limit('MAX_POSITION_SIZE', LIMIT);
    expect(await trade(`--side ${order}`)).toContain('MAX_POSITION_SIZE: cannot evaluate without a quote');
    expect(await trade(`--side BUY --quantity 10 --type LIMIT --price ${PRICE}`)).toBe('filled');
    expect(await trade(`--side ${order}`)).toBe('MAX_POSITION_SIZE: current=40000 limit=100000');
    expect(await shares()).toBe(10);
  });

  it('by amending a price down', async () => {
    await limit('MAX_POSITION_SIZE', LIMIT);
    expect(await trade(`--side BUY --quantity 10 --type LIMIT --price ${PRICE}`)).toBe('filled');
    const working = await given.order(db, { user, quantity: 15, type: 'LIMIT', price: PRICE });
    await db.json('order', 'amend', working, '--price', '0.01');
    expect(await trade('--side BUY --quantity 1 --type LIMIT --price 0.01')).toContain('current=100000');
    await db.refused(`order amend ${working} --quantity 16`, { code: 5, error: 'RISK_LIMIT' });
    await db.json(...words(`order fill ${working} --quantity 15 --price ${PRICE} --yes`));
    expect(await shares()).toBe(25);
  });

  it('by the legs of two strategies', async () => {
    await limit('MAX_POSITION_SIZE', LIMIT);
    for (const id of ['sa', 'sb']) await db.json(...words(`strategy activate ${id} --user ${user}`));
    const at = `--type LIMIT --price ${PRICE}`;
    expect(await trade(`--side BUY --quantity 10 --strategy sa ${at}`)).toBe('filled');
    const round = [
      'BUY --quantity 25 --strategy sa',
      'SELL --quantity 50 --strategy sb',
      'BUY --quantity 25 --strategy sa',
    ];
    for (let i = 0; i < 5; i++) for (const order of round) await trade(`--side ${order} ${at}`);
    // What the limit leaves may be either leg's; it is no more than that for both together.
    expect(await trade(`--side SELL --quantity 15 --strategy sb ${at}`)).toBe('filled');
    expect(await trade(`--side SELL --quantity 1 --strategy sb ${at}`)).toContain(
      'current=100000 limit=100000',
    );
    expect(await trade(`--side BUY --quantity 1 --strategy sa ${at}`)).toContain(
      'current=100000 limit=100000',
    );
    // Closing either leg is an exit.
    expect(await trade('--side BUY --quantity 15 --strategy sb')).toBe('filled');
    expect(await shares()).toBe(10);
    expect(await db.json(...words(`risk check ${user}`))).toMatchObject([{ current: 40_000, verdict: 'ok' }]);
  });

  it('by ending a session and starting another on the same day', async () => {
    await limit('MAX_DRAWDOWN', 9);
    await db.json('session', 'start', '--user', user);
    expect(await trade('--side BUY --quantity 25000')).toBe('filled');
    const sold = await given.order(db, { user, side: 'SELL', quantity: 25_000 });
    await db.json('order', 'fill', sold, '--quantity', '25000', '--price', '3600');
    const stopped = 'MAX_DRAWDOWN: current=10 limit=9';
    expect(await trade('--side BUY --quantity 1')).toBe(stopped);
    await db.json('session', 'end', '--user', user);
    expect(await db.json('session', 'start', '--user', user)).toMatchObject({
      capital_at_start: '90000000.00',
      peak_equity: '100000000.00',
      max_drawdown: 10,
    });
    expect(await trade('--side BUY --quantity 1')).toBe(stopped);
    // Another day starts anew.
    await db.json('session', 'end', '--user', user);
    await db.query(
      "UPDATE trading_sessions SET end_time = end_time - interval '25 hours' WHERE user_id = $1",
      [user],
    );
    expect(await db.json('session', 'start', '--user', user)).toMatchObject({
      peak_equity: '90000000.00',
      max_drawdown: 0,
    });
    expect(await trade('--side BUY --quantity 1')).toBe('filled');
  });

  it('by the clock of a client', async () => {
    await limit('MAX_ORDERS_PER_DAY', 1);
    const place = (hours: number) =>
      db.cliWith(
        { now: new Date(Date.now() + hours * 3_600_000) },
        ...words(`order place --user ${user} --symbol TCS --side BUY --quantity 1`),
      );
    expect((await place(-48)).code).toBe(0);
    for (const hours of [0, -48, 48]) expect((await place(hours)).code).toBe(5);
  });

  it('by the time zone of a client, but by that of the database', async () => {
    await limit('MAX_ORDERS_PER_DAY', 1);
    const place = (env: Record<string, string> = {}) =>
      db.cliWith({ env }, ...words(`order place --user ${user} --symbol TCS --side BUY --quantity 1`));
    expect((await place()).code).toBe(0);
    // One of them has another date than India at any time.
    const zones = ['Pacific/Kiritimati', 'Pacific/Pago_Pago', 'UTC'];
    for (const zone of zones) expect((await place({ PINNACLE_TIME_ZONE: zone })).code).toBe(5);
    expect((await place({ PINNACLE_TIME_ZONE: 'Asia/Tokyo' })).code).toBe(5);
    const hour = new Date().getUTCHours();
    // A zone where it is noon, and one where the day began less than an hour ago: an hour before, it was today in the one
    // and yesterday in the other.
    const noon = hour < 12 ? `Etc/GMT-${12 - hour}` : `Etc/GMT+${hour - 12}`;
    const zone = hour <= 12 ? `Etc/GMT+${hour}` : `Etc/GMT-${24 - hour}`;
    await db.json('risk', 'time-zone', noon);
    await db.query("UPDATE orders SET created_at = created_at - interval '1 hour' WHERE user_id = $1", [
      user,
    ]);
    expect((await place({ PINNACLE_TIME_ZONE: zone })).code).toBe(5);
    await db.json('risk', 'time-zone', zone);
    expect(await db.json('risk', 'time-zone', zone)).toEqual({ trading_time_zone: zone });
    expect(await db.audits('risk time-zone')).toMatchObject([
      {
        target: 'settings',
        body: { before: { trading_time_zone: null }, after: { trading_time_zone: noon } },
      },
      {
        target: 'settings',
        body: { before: { trading_time_zone: noon }, after: { trading_time_zone: zone } },
      },
    ]);
    expect((await place()).code).toBe(0);
    await db.query('DELETE FROM pinnacle_settings');
    await db.refused('risk time-zone IST', { code: 2 });
  });

  const importing = async (kind: string, lines: string[]) => {
    const header =
      kind === 'trades'
        ? 'trade_id,symbol,side,quantity,price,executed_at,strategy_id'
        : 'order_id,user_id,symbol,side,order_type,quantity,price,status,created_at,filled_quantity,filled_price';
    const { code, stdout, stderr } = await db.cliWith(
      { stdin: `${[header, ...lines].join('\n')}\n` },
      ...words(`order import - --as ${kind} ${kind === 'trades' ? `--user ${user}` : ''} --json`),
    );
    return code === 0 ? JSON.parse(stdout) : JSON.parse(stderr.split('\n').at(-2) ?? '').error.message;
  };
  let id = 0;
  const bought = (order: string, at = new Date(), strategy = '') =>
    `t${++id},TCS,${order},${PRICE},${at.toISOString()},${strategy}`;
  const order = (status: string, quantity: number, price: number, filled = 0) =>
    `imp_${++id},${user},TCS,BUY,LIMIT,${quantity},${price},${status},${new Date().toISOString()},${filled},${filled && PRICE}`;

  it('by an import of today’s trades, which yesterday’s are not', async () => {
    await limit('MAX_POSITION_SIZE', LIMIT);
    expect(await importing('trades', [bought('BUY,26')])).toContain(
      'line 2: MAX_POSITION_SIZE: current=0 limit=100000',
    );
    const file = [bought('BUY,20'), bought('SELL,5'), bought('BUY,11')];
    expect(await importing('trades', file)).toContain(
      'line 4: MAX_POSITION_SIZE: current=60000 limit=100000',
    );
    expect(await shares()).toBe(0);
    expect(await importing('trades', file.slice(0, 2))).toMatchObject({ imported: 2, history: 0 });
    expect(await shares()).toBe(15);
    const yesterday = new Date(Date.now() - 25 * 3_600_000);
    expect(await importing('trades', [bought('BUY,100', yesterday).replace('TCS', 'INFY')])).toMatchObject({
      imported: 1,
      history: 1,
    });
    expect((await db.audits('order import')).at(-1)).toMatchObject({ body: { imported: 1, history: 1 } });
    await db.json('user', 'disable', user);
    expect(await importing('trades', [bought('BUY,1')])).toContain('is disabled');
  });

  it('by an import of the legs of two strategies', async () => {
    await limit('MAX_POSITION_SIZE', LIMIT);
    for (const each of ['sa', 'sb']) await db.json(...words(`strategy activate ${each} --user ${user}`));
    for (let i = 0; i < 5; i++)
      for (const [trade, strategy] of [
        ['BUY,25', 'sa'],
        ['SELL,50', 'sb'],
        ['BUY,25', 'sa'],
      ] as const)
        await importing('trades', [bought(trade, new Date(), strategy)]);
    expect(await shares()).toBe(25);
    await db.json(...words(`strategy pause sb --user ${user}`));
    expect(await importing('trades', [bought('SELL,1', new Date(), 'sb')])).toContain('is PAUSED');
  });

  it('by an import of working orders, which finished ones are not', async () => {
    await limit('MAX_POSITION_SIZE', LIMIT);
    expect(await importing('orders', [order('PENDING', 1_000_000, 0)])).toContain(
      'cannot evaluate without a quote',
    );
    const file = [order('PLACED', 20, PRICE), order('PARTIALLY_FILLED', 10, PRICE, 4)];
    expect(await importing('orders', file)).toContain(
      'line 3: MAX_POSITION_SIZE: current=80000 limit=100000',
    );
    expect(
      await importing('orders', [file[0] as string, order('FILLED', 1_000, PRICE, 1_000)]),
    ).toMatchObject({
      imported: 2,
      history: 1,
    });
    expect((await db.audits('order import')).at(-1)).toMatchObject({ body: { imported: 2, history: 1 } });
    await db.query(
      "INSERT INTO trading_halts (halt_id, user_id, reason, halted_by) VALUES ($1, $2, 'a test', 'tester')",
      [`h_${user}`, user],
    );
    expect(await importing('orders', [order('PENDING', 1, PRICE)])).toContain('Trading is halted');
    const { rows } = await db.query(
      "SELECT count(*)::int AS n FROM orders WHERE user_id = $1 AND status <> 'FILLED'",
      [user],
    );
    expect(rows).toEqual([{ n: 1 }]);
  });
});
