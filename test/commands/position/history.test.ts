import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

type Row = Record<string, unknown>;

const HEADER = 'trade_id,symbol,side,quantity,price,executed_at,strategy_id';
const FLIPS = `${HEADER}
H1,INFY,BUY,100,10,2024-01-05T09:20:00+05:30,
H2,INFY,BUY,50,13,2024-01-05T11:00:00+05:30,
H3,INFY,SELL,60,12,2024-01-31T23:30:00+05:30,
H4,INFY,SELL,140,9,2024-02-01T00:30:00+05:30,
H5,INFY,BUY,80,8,2024-02-04T23:59:00+05:30,
H6,INFY,SELL,30,8.5,2024-02-05T00:00:00+05:30,`;
const OTHERS = `${HEADER}
T1,TCS,BUY,10,100,2024-02-01,s1
T2,TCS,BUY,10,110,2024-02-02,s1`;

async function load(db: TestDatabase, user: string, trades: string): Promise<void> {
  const { code, stderr } = await db.cliWith(
    { stdin: trades },
    ...words(`order import - --as trades --user ${user}`),
  );
  expect(code, stderr).toBe(0);
}

const pick = (rows: Row[], ...columns: string[]) => rows.map((row) => columns.map((name) => row[name]));

describe.each(databases)('what became of positions, on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    for (const user of ['trader_001', 'trader_002']) await given.user(db, user);
    await given.strategy(db, 's1');
    await load(db, 'trader_001', FLIPS);
    await load(db, 'trader_002', OTHERS);
  });
  afterAll(() => db.close());

  const asOf = (moment: string, ...more: string[]) =>
    db.json<Row[]>('position', 'list', '--user', 'trader_001', '--as-of', moment, ...more);
  const pnl = async (line: string, ...columns: string[]) =>
    pick(await db.json<Row[]>(...words(`position pnl ${line}`)), 'key', 'realized_pnl', ...columns);

  it('history tells the fills of a position, of a flip its share, and what it was after each', async () => {
    const positions = await db.json<Row[]>(...words('position list --symbol INFY --status any'));
    const histories = [];
    for (const { position_id } of positions.reverse())
      histories.push(
        pick(
          await db.json<Row[]>('position', 'history', String(position_id)),
          ...['broker_fill_id', 'side', 'quantity', 'realized_pnl', 'position_quantity', 'average_price'],
        ),
      );
    expect(histories).toEqual([
      [
        ['H1', 'BUY', 100, '0.00', 100, 10],
        ['H2', 'BUY', 50, '0.00', 150, 11],
        ['H3', 'SELL', 60, '60.00', 90, 11],
        ['H4', 'SELL', 90, '-180.00', 0, 11],
      ],
      [
        ['H4', 'SELL', 50, '0.00', 50, 9],
        ['H5', 'BUY', 50, '50.00', 0, 9],
      ],
      [
        ['H5', 'BUY', 30, '0.00', 30, 8],
        ['H6', 'SELL', 30, '15.00', 0, 8],
      ],
    ]);
    expect((await db.cli('position', 'history', 'nothing')).code).toBe(3);
  });

  it('list --as-of rebuilds positions as they stood', async () => {
    expect(await asOf('2024-01-05T11:00:00+05:30')).toMatchObject([
      {
        side: 'LONG',
        quantity: 150,
        average_price: 11,
        current_price: 13,
        unrealized_pnl: '300.00',
        realized_pnl: '0.00',
        status: 'OPEN',
        opened_at: '2024-01-05T03:50:00.000000Z',
        closed_at: null,
      },
    ]);
    expect(await asOf('2024-01-05T10:59:59+05:30')).toMatchObject([{ quantity: 100, average_price: 10 }]);
    const flipped = await asOf('2024-02-02', '--status', 'any');
    expect(pick(flipped, 'side', 'status', 'quantity', 'realized_pnl', 'closed_at')).toEqual([
      ['SHORT', 'OPEN', 50, '0.00', null],
      ['LONG', 'CLOSED', 0, '-120.00', '2024-01-31T19:00:00.000000Z'],
    ]);
    expect(await asOf('2024-02-02')).toEqual(flipped.slice(0, 1));
    expect(await asOf('2024-02-02', '--status', 'closed')).toEqual(flipped.slice(1));
    expect(await asOf('2024-02-02', '--symbol', 'TCS')).toEqual([]);
    const first = await db.cli(
      ...words('position list --as-of 2024-02-02 --user trader_001 --status any --limit 1 --json'),
    );
    const cursor = /--after (\S+)/.exec(first.stderr)?.[1] ?? '';
    const rest = await asOf('2024-02-02', '--status', 'any', '--after', cursor);
    expect([...JSON.parse(first.stdout), ...rest]).toEqual(flipped);
  });

  it('list --as-of now is list, where nothing was marked', async () => {
    const bare = (rows: Row[]) => rows.map(({ updated_at, weight, ...row }) => row);
    const now = await db.json<Row[]>(...words('position list --status any --as-of now'));
    expect(now).toHaveLength(4);
    expect(bare(now)).toEqual(bare(await db.json<Row[]>(...words('position list --status any'))));
  });

  it('list --as-of refuses what was not yet, and what is no time', async () => {
    for (const [user, moment, complaint] of [
      ['trader_001', '2199-01-01', 'in the future'],
      ['trader_001', '2024-01-05T09:19:59+05:30', 'before the account of trader_001 existed'],
      ['trader_002', '2024-01-31', 'before the account of trader_002 existed'],
      ['trader_002', '2024-02-30', '--as-of'],
      ['trader_002', 'nonsense', '--as-of'],
    ] as const) {
      const { code, stdout, stderr } = await db.cli(
        ...['position', 'list', '--user', user, '--as-of', moment],
      );
      expect({ moment, code, stdout }).toEqual({ moment, code: 2, stdout: '' });
      expect(stderr).toContain(complaint);
    }
    const { code, stderr } = await db.cli(...words('position list --as-of 2020-01-01'));
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('any account') });
  });

  it('pnl goes by periods of the trading time zone', async () => {
    expect(await pnl('--user trader_001', 'fills', 'unrealized_pnl')).toEqual([
      ['2024-01-05', '0.00', 2, null],
      ['2024-01-31', '60.00', 1, null],
      ['2024-02-01', '-180.00', 1, null],
      ['2024-02-04', '50.00', 1, null],
      ['2024-02-05', '15.00', 1, null],
    ]);
    expect(await pnl('--user trader_001 --by week', 'fills')).toEqual([
      ['2024-01-01', '0.00', 2],
      ['2024-01-29', '-70.00', 3],
      ['2024-02-05', '15.00', 1],
    ]);
    expect(await pnl('--user trader_001 --by month')).toEqual([
      ['2024-01', '60.00'],
      ['2024-02', '-115.00'],
    ]);
    expect(await pnl('--user trader_001 --by month --since 2024-02-01 --until 2024-02-05')).toEqual([
      ['2024-02', '-130.00'],
    ]);
  });

  it('pnl goes by symbol, strategy or trader, with what is unrealized, best first', async () => {
    expect(await pnl('--by symbol --until 2025-01-01', 'fills', 'unrealized_pnl')).toEqual(
      expect.arrayContaining([
        ['TCS', '0.00', 2, '100.00'],
        ['INFY', '-55.00', 6, '0.00'],
      ]),
    );
    expect((await pnl('--by symbol')).at(-1)).toEqual(['INFY', '-55.00']);
    expect(await pnl('--by strategy', 'unrealized_pnl')).toEqual([
      ['s1', '0.00', '100.00'],
      [null, '-55.00', '0.00'],
    ]);
    expect(await pnl('--by user --user trader_002', 'unrealized_pnl')).toEqual([
      ['trader_002', '0.00', '100.00'],
    ]);
    // What is open stands there, even if nothing was traded in the time asked for.
    expect(await pnl('--by user --user trader_002 --since 2024-06-01', 'fills', 'unrealized_pnl')).toEqual([
      ['trader_002', '0.00', 0, '100.00'],
    ]);
    expect((await db.cli(...words('position pnl --user nobody'))).code).toBe(3);
    expect((await db.cli(...words('position pnl --by year'))).code).toBe(2);
    expect((await db.cli(...words('position pnl --since nonsense'))).code).toBe(2);
    // What a mistyped quantity is worth at the mark has more digits than any capital, and must not hide all the rest.
    await db.query(
      "UPDATE positions SET unrealized_pnl = 1e15 WHERE user_id = 'trader_002' AND status = 'OPEN'",
    );
    expect(await pnl('--by user', 'unrealized_pnl')).toContainEqual([
      'trader_002',
      '0.00',
      '1000000000000000.00',
    ]);
  });

  it('list --as-of and pnl go by when a fill was executed, not by when it was booked', async () => {
    await given.user(db, 'trader_003');
    await db.query("UPDATE users SET created_at = '2024-03-01' WHERE user_id = 'trader_003'");
    const report = async (side: 'BUY' | 'SELL', quantity: number, price: number, at: string) => {
      const order = await given.order(db, { user: 'trader_003', symbol: 'LT', side, quantity });
      await db.query("UPDATE orders SET created_at = '2024-03-01' WHERE order_id = $1", [order]);
      await given.fill(db, order, { quantity, price, at });
    };
    // Reported today, and not in the order of execution.
    await report('BUY', 10, 100, '2024-03-05T10:00:00Z');
    await report('BUY', 6, 100, '2024-03-05T09:00:00Z');
    await report('SELL', 20, 110, '2024-04-02T10:00:00Z');
    await report('BUY', 4, 100, '2024-04-01T10:00:00Z');
    const held = async (moment: string, ...more: string[]) =>
      pick(
        await db.json<Row[]>(
          ...words('position list --user trader_003 --as-of'),
          moment,
          '--status',
          'any',
          ...more,
        ),
        ...['side', 'quantity', 'average_price', 'status', 'opened_at'],
      );
    const opened = '2024-03-05T09:00:00.000000Z';
    expect(await held('2024-03-05T08:59:59Z')).toEqual([]);
    expect(await held('2024-03-05T09:30:00Z')).toEqual([['LONG', 6, 100, 'OPEN', opened]]);
    expect(await held('2024-03-31')).toEqual([['LONG', 16, 100, 'OPEN', opened]]);
    // The late report belongs to the position that a sale opened, where it stood alone until that sale.
    expect(await held('2024-04-01T11:00:00Z')).toEqual([
      ['LONG', 4, 100, 'OPEN', '2024-04-01T10:00:00.000000Z'],
      ['LONG', 16, 100, 'OPEN', opened],
    ]);
    expect(await held('2024-04-03', '--limit', '1')).toEqual([
      ['SHORT', 0, 110, 'CLOSED', '2024-04-01T10:00:00.000000Z'],
    ]);
    expect(await held('2024-04-03')).toHaveLength(2);
    for (const status of ['OPEN', 'CLOSED'])
      expect(
        await db.json<Row[]>(
          ...words(
            `position list --user trader_003 --as-of 2024-04-01T11:00:00Z --status ${status} --limit 1`,
          ),
        ),
      ).toHaveLength(status === 'OPEN' ? 1 : 0);
    expect(await pnl('--user trader_003', 'fills')).toEqual([
      ['2024-03-05', '0.00', 2],
      ['2024-04-01', '40.00', 1],
      ['2024-04-02', '160.00', 1],
    ]);
    expect(await pnl('--user trader_003 --by month')).toEqual([
      ['2024-03', '0.00'],
      ['2024-04', '200.00'],
    ]);
    expect((await db.cli(...words('doctor ledger --user trader_003'))).code).toBe(0);
  });
});

describe.each(servers)('position list --as-of on $name', ({ open }) => {
  it('tells each position as it stood, and history is never imported out of its order', async () => {
    const db = await open();
    await given.user(db);
    const file = (...lines: string[]) => `${HEADER}\n${lines.join('\n')}`;
    await load(db, 'trader_001', file('A1,ITC,BUY,100,400,2024-01-02,', 'A2,ITC,SELL,50,410,2024-06-03,'));
    const older = file('B1,ITC,SELL,80,405,2024-03-01,', 'B2,ITC,BUY,30,402,2024-07-01,');
    await expect(load(db, 'trader_001', older)).rejects.toThrow('older than what is booked');
    const held = async (moment: string, status: string) =>
      pick(
        await db.json<Row[]>('position', 'list', '--as-of', moment, '--status', status),
        ...['side', 'quantity', 'status'],
      );
    expect(await held('2024-02-01', 'any')).toEqual([['LONG', 100, 'OPEN']]);
    expect(await held('2024-04-01', 'closed')).toEqual([]);
    expect(await held('2024-07-01', 'any')).toEqual([['LONG', 50, 'OPEN']]);
    await db.close();
  });
});
