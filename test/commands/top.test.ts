import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';

interface Top {
  day: string;
  trading: number;
  working: number;
  violated: number;
  halts: number;
  unread: number;
  critical: number;
  net_pnl: string;
  realized_pnl: string;
  unrealized_pnl: string;
  outbox: number;
  unsealed: number;
  traders: Record<string, unknown>[];
  orders: Record<string, unknown>[];
  fills: Record<string, unknown>[];
  notifications: Record<string, unknown>[];
  rules: Record<string, unknown>[];
  halted: Record<string, unknown>[];
}

const look = (db: TestDatabase, ...flags: string[]) => db.json<Top>('top', '--once', ...flags);

describe.each(databases)('top and status on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db);
    await given.user(db, 'trader_002');
    await given.user(db, 'idle');
  });
  afterAll(() => db.close());

  it('show a day on which nothing has happened yet', async () => {
    expect(await look(db)).toMatchObject({
      trading: 0,
      working: 0,
      net_pnl: '0.00',
      traders: [],
      orders: [],
      halts: 0,
    });
    const { code, stdout } = await db.cli('status');
    expect(code).toBe(0);
    expect(stdout).toContain('next\tok\t');
  });

  it('show what the commands show: P&L, drawdown, orders, executions', async () => {
    await given.strategy(db, 's1');
    await db.json('session', 'start', '--user', 'trader_001');
    await db.json('risk', 'set', 'trader_001', 'MAX_DRAWDOWN', '5');
    await given.position(db, { price: 100 });
    await given.position(db, { price: 90, side: 'SELL', quantity: 4 });
    await given.position(db, { price: 50, user: 'trader_002', symbol: 'ITC', side: 'SELL' });
    await given.order(db, { user: 'trader_002', orderId: 'waiting' });
    await db.cli('position', 'mark', 'TCS=95', 'ITC=49');
    const top = await look(db);
    const pnl = await db.json<Record<string, unknown>[]>(
      'position',
      'pnl',
      '--by',
      'user',
      '--net',
      '--since',
      top.day,
    );
    expect(pnl).toHaveLength(2);
    for (const { key, realized_pnl, unrealized_pnl } of pnl)
      expect(top.traders).toContainEqual(
        expect.objectContaining({
          user_id: key,
          realized_pnl,
          unrealized_pnl,
          net_pnl: realized_pnl,
          charges: '0.00',
        }),
      );
    expect(top).toMatchObject({
      realized_pnl: '-40.00',
      unrealized_pnl: '-20.00',
      net_pnl: '-40.00',
      trading: 2,
    });
    const session = await db.json('session', 'show', '--user', 'trader_001');
    expect(top.traders[0]).toMatchObject({
      user_id: 'trader_001',
      drawdown: session['max_drawdown'],
      drawdown_limit: 5,
      positions: 1,
      in_session: true,
      halted: false,
    });
    expect(top.orders).toMatchObject([{ order_id: 'waiting', user_id: 'trader_002', status: 'PENDING' }]);
    const fills = await db.json<Record<string, unknown>[]>('fill', 'list');
    expect(top.fills.map(({ fill_id }) => fill_id)).toEqual(fills.map(({ fill_id }) => fill_id));
  });

  it('show one user, and what contains a text', async () => {
    const top = await look(db, '--user', 'trader_002');
    expect(top).toMatchObject({ trading: 1, working: 1, realized_pnl: '0.00', unrealized_pnl: '10.00' });
    expect(top.fills).toMatchObject([{ user_id: 'trader_002', symbol: 'ITC' }]);
    await db.refused('top --once --user nobody', { code: 3, error: 'USER_NOT_FOUND' });
  });

  it('show what needs a person, and status ends 6 and names the command', async () => {
    await db.json('risk', 'set', 'trader_002', 'MAX_ORDERS_PER_DAY', '1');
    await db.cli('risk', 'check');
    const violated = await db.json<Record<string, unknown>[]>('risk', 'list', '--violated');
    expect((await look(db)).rules).toMatchObject(
      violated.map(({ user_id, rule_type }) => ({ user_id, rule_type })),
    );
    await db.cli('risk', 'halt', 'trader_001', '--reason', 'news', '--yes');
    const top = await look(db);
    const unread = await db.json<Record<string, unknown>[]>('notification', 'list', '--unread');
    expect(top).toMatchObject({
      halts: 1,
      violated: violated.length,
      halted: [{ user_id: 'trader_001', reason: 'news' }],
      unread: unread.length,
      critical: unread.filter(({ alert_level }) => alert_level === 'CRITICAL').length,
    });
    expect(top.critical).toBeGreaterThan(0);
    const { code, stdout } = await db.cli('status', '--json');
    expect(code).toBe(6);
    const lines = JSON.parse(stdout) as Record<string, unknown>[];
    const of = (about: string) => lines.find((line) => line['about'] === about);
    expect(of('halts')).toMatchObject({ state: 'fail', count: 1, help: 'pinnacle risk status trader_001' });
    expect(of('rules')).toMatchObject({ state: 'fail', count: violated.length });
    expect(of('alerts')).toMatchObject({ state: 'fail', count: unread.length });
    expect(of('P&L')).toMatchObject({ amount: top.net_pnl });
    expect(of('orders')).toMatchObject({ count: top.working });
    expect(of('next')).toMatchObject({ detail: 'pinnacle risk status trader_001' });
  });

  it('top without a terminal prints an object a line, and ends after so many', async () => {
    const { code, stdout } = await db.cli('top', '--interval', '250ms', '--count', '2');
    const lines = stdout.trimEnd().split('\n');
    expect(code).toBe(0);
    expect(lines.map((line) => JSON.parse(line).day)).toEqual([expect.any(String), expect.any(String)]);
  });

  it('top --once on a terminal prints the parts as text, no line wider than it is', async () => {
    for (const columns of [40, 80, 200]) {
      const env = { TERM: 'xterm', LANG: 'C.UTF-8', NO_COLOR: '1' };
      const { code, stdout } = await db.cliWith({ tty: true, columns, env }, 'top', '--once');
      expect(code).toBe(0);
      expect(stdout).toContain('trader_001');
      expect(stdout).not.toContain('\x1b');
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(columns);
    }
  });

  it('refuse an interval that would only load the database', async () => {
    await db.refused('top --interval 10ms', { code: 2, stderr: 'at least 250ms' });
    // Beyond 24 days a timer would not wait at all.
    for (const line of ['top', 'user list --watch', 'market watch', 'alert deliver --follow'])
      await db.refused(`${line} --interval 25d`, { code: 2, stderr: 'at most 24h' });
  });

  it('take as many statements a look, six at most, however many traders there are', async () => {
    const statements = async (...argv: string[]) => {
      const { code, stderr } = await db.cli('top', '--json', 'trading', '--debug', ...argv);
      expect(code).toBe(0);
      return stderr.split('\n').filter((line) => line.startsWith('sql ')).length;
    };
    const perLook = async () =>
      (await statements('--interval', '250ms', '--count', '4')) -
      (await statements('--interval', '250ms', '--count', '3'));
    const few = await perLook();
    expect(few).toBeLessThanOrEqual(6);
    for (let n = 0; n < 20; n++) await given.order(db, { user: await given.user(db, `more_${n}`) });
    expect(await perLook()).toBe(few);
  });
});
