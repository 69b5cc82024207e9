import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';

const HEADER = 'trade_id,symbol,side,quantity,price,executed_at';

describe.each(databases)('order import --as trades on $name', ({ open }) => {
  let db: TestDatabase;
  let folder: string;
  let users = 0;

  beforeAll(async () => {
    db = await open();
    folder = await mkdtemp(join(tmpdir(), 'pinnacle-import-'));
  });
  afterAll(async () => {
    await db.close();
    await rm(folder, { recursive: true });
  });

  const trader = async () => {
    const id = `trader_${++users}`;
    await given.user(db, id);
    return id;
  };
  const file = async (name: string, content: string | Buffer) => {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  };
  const load = (path: string, user: string, ...more: string[]) =>
    db.cli('order', 'import', path, '--as', 'trades', '--user', user, '--json', ...more);
  const counts = async (user: string) =>
    (
      await db.query(
        `SELECT (SELECT count(*)::int FROM orders WHERE user_id = $1) AS orders,
           (SELECT count(*)::int FROM order_fills JOIN orders USING (order_id) WHERE user_id = $1) AS fills,
           (SELECT count(*)::int FROM positions WHERE user_id = $1) AS positions`,
        [user],
      )
    ).rows[0];

  it('books quantities with empty decimals and prices of any precision, as brokers write them', async () => {
    const user = await trader();
    const path = await file(
      'tradebook.csv',
      'trade_id,symbol,side,quantity,price,executed_at\n' +
        '1,SUZLON,buy,450.000000,67.500000,2025-06-09T10:22:33\n2,TCS,BUY,390,88.08333333333333,2026-01-02T10:00:00\n',
    );
    expect((await load(path, user)).code).toBe(0);
    const { rows } = await db.query(
      'SELECT quantity, average_price FROM positions WHERE user_id = $1 ORDER BY symbol',
      [user],
    );
    expect(rows).toEqual([
      { quantity: 450, average_price: 67.5 },
      { quantity: 390, average_price: 88.08333333333333 },
    ]);
    const half = await file(
      'half.csv',
      'trade_id,symbol,side,quantity,price,executed_at\n3,TCS,BUY,450.5,10,2026-01-02\n',
    );
    expect((await load(half, user)).stderr).toContain('quantity must be a whole number of shares');
  });

  it('books a file with BOM, CRLF, quotes, other case and column order, and nothing the second time', async () => {
    const user = await trader();
    const path = await file(
      'odd.csv',
      '\ufeff"symbol","trade_id",side,Quantity,price,executed_at,note\r\n' +
        'infy,A1,buy,10,"1500.50",2024-01-05T09:20:00+05:30,"first, of two"\r\n\r\n' +
        'INFY,A2,SELL,10,1510.50,2024-01-05 10:00:00,\r\n',
    );
    const first = await load(path, user);
    expect(first.stderr).toContain('Columns left out: note');
    expect(JSON.parse(first.stdout)).toMatchObject({
      imported: 2,
      known: 0,
      rejected: 0,
      realized_pnl: '100.00',
    });
    expect(JSON.parse((await load(path, user)).stdout)).toMatchObject({
      imported: 0,
      known: 2,
      realized_pnl: '0.00',
    });
    expect(await counts(user)).toEqual({ orders: 2, fills: 2, positions: 1 });
    const { rows } = await db.query(
      'SELECT created_at, status, order_type FROM orders WHERE user_id = $1 ORDER BY order_id',
      [user],
    );
    expect(rows).toEqual([
      { created_at: '2024-01-05T03:50:00.000000Z', status: 'FILLED', order_type: 'MARKET' },
      { created_at: '2024-01-05T04:30:00.000000Z', status: 'FILLED', order_type: 'MARKET' },
    ]);
  });

  it('books the newest first of a file last, and names lines that repeat another', async () => {
    const user = await trader();
    const path = await file(
      'newest.csv',
      `${HEADER}\nt3,ABC,BUY,10,200,2024-03-05T10:00:00\nt2,ABC,SELL,10,150,2024-02-05T10:00:00\n` +
        't1,ABC,BUY,10,100,2024-01-05T10:00:00\nt1,ABC,BUY,10,100,2024-01-05T10:00:00\n',
    );
    const { stdout, stderr } = await load(path, user);
    expect(JSON.parse(stdout)).toMatchObject({ imported: 3, known: 1, realized_pnl: '500.00' });
    expect(stderr).toContain('The newest trade comes first in the file; trades are booked by time.');
    expect(stderr).toContain('booked once: line 5 that of line 4.');
    const { rows } = await db.query(
      "SELECT side, quantity, average_price FROM positions WHERE user_id = $1 AND status = 'OPEN'",
      [user],
    );
    expect(rows).toEqual([{ side: 'LONG', quantity: 10, average_price: 200 }]);
  });

  it('refuses trades older than what is booked of their symbol, and takes newer ones', async () => {
    const user = await trader();
    const trade = (id: string, symbol: string, at: string) => `${id},${symbol},BUY,1,100,${at}`;
    const later = await file('later.csv', `${HEADER}\n${trade('n1', 'ABC', '2024-03-05T10:00:00Z')}\n`);
    expect((await load(later, user)).code).toBe(0);
    const older = `${HEADER}\n${trade('n2', 'ABC', '2024-04-05')}\n${trade('n3', 'ABC', '2024-03-05T09:59:59Z')}\n`;
    const refused = await load(await file('older.csv', older), user);
    expect(refused).toMatchObject({ code: 5, stderr: expect.stringContaining('TRADES_OLDER') });
    expect(refused.stderr).toContain(
      'line 3 is of 2024-03-05T09:59:59.000000Z, and ABC is booked up to 2024-03-05T10:00:00.000000Z',
    );
    const others = `${HEADER}\n${trade('n4', 'ABC', '2024-03-05T10:00:00Z')}\n${trade('n5', 'XYZ', '2020-01-01')}\n`;
    expect((await load(await file('others.csv', others), user)).code).toBe(0);
  });

  it('books older trades with --replay, and rebuilds the positions by time', async () => {
    const user = await trader();
    const trade = (id: string, side: string, price: number, at: string, symbol = 'ABC') =>
      `${id},${symbol},${side},10,${price},${at}T10:00:00Z`;
    const all = [
      trade('r1', 'BUY', 100, '2024-01-05'),
      trade('r2', 'SELL', 150, '2024-02-05'),
      trade('r3', 'SELL', 160, '2024-03-05'),
      trade('r4', 'BUY', 200, '2024-04-05'),
      trade('r5', 'BUY', 50, '2024-04-05', 'XYZ'),
    ];
    const path = (name: string, ...rows: number[]) =>
      file(name, [HEADER, ...rows.map((row) => all[row])].join('\n'));
    const late = await path('late.csv', 1, 3);
    const early = await path('early.csv', 0, 2, 4);
    expect((await load(late, user)).code).toBe(0);
    const refused = await load(early, user);
    expect(refused).toMatchObject({ code: 5, stderr: expect.stringContaining('--replay') });
    const replayed = await load(early, user, '--replay');
    expect(replayed.stderr).toContain('Rebuilt by time, as 2 trades came before what was booked');
    expect(JSON.parse(replayed.stdout)).toMatchObject({ imported: 3, known: 0, realized_pnl: '600.00' });
    const straight = await trader();
    expect((await load(await path('all.csv', 0, 1, 2, 3, 4), straight)).code).toBe(0);
    const bookOf = async (whose: string) =>
      (
        await db.query(
          `SELECT symbol, side, quantity, average_price, realized_pnl, p.status, opened_at, closed_at, total_capital
           FROM positions p JOIN users USING (user_id) WHERE user_id = $1
             AND EXISTS (SELECT FROM order_fills f WHERE p.position_id IN (f.position_id, f.flipped_to))
           ORDER BY opened_at, symbol`,
          [whose],
        )
      ).rows;
    expect(await bookOf(user)).toEqual(await bookOf(straight));
    expect((await bookOf(user))[0]).toMatchObject({ side: 'LONG', realized_pnl: 500 });
    expect((await load(early, user, '--replay')).stdout).toContain('"imported":0');
    expect((await db.cli('doctor', 'ledger')).code).toBe(0);
    const audits = await db.audits('order import');
    expect(audits.find(({ body }) => 'replayed' in body)?.body).toMatchObject({
      replayed: { trades: 2, symbols: ['ABC'] },
    });
    expect((await load(early, user, '--as', 'orders', '--replay')).code).toBe(2);
  });

  it('reads the file of a broker, and files whose columns have other names', async () => {
    const user = await trader();
    const console = await file(
      'tradebook-XY1234-EQ.csv',
      'symbol,isin,trade_date,exchange,segment,series,trade_type,auction,quantity,price,trade_id,order_id,order_execution_time\n' +
        'SUZLON,INE040H01021,2025-06-09,NSE,EQ,EQ,buy,false,450.000000,67.500000,603052659,1300000021,2025-06-09T10:22:33\n' +
        'SUZLON,INE040H01021,2025-06-12,NSE,EQ,EQ,sell,false,450.000000,66.000000,605366350,1300000022,2025-06-12T12:04:50\n',
    );
    expect((await load(console, user)).code).toBe(2);
    const done = await load(console, user, '--from', 'zerodha');
    expect(JSON.parse(done.stdout)).toMatchObject({ imported: 2, realized_pnl: '-675.00' });
    const other = await file(
      'other.csv',
      'Trade No,Scrip,B/S,Qty,Rate,When\n1,TCS,B,1,10,2025-06-13 09:15\n',
    );
    const map = 'Trade No=trade_id,Scrip=symbol,B/S=side,Qty=quantity,Rate=price,When=executed_at';
    expect(JSON.parse((await load(other, user, '--map', map)).stdout)).toMatchObject({ imported: 1 });
    expect((await load(other, user, '--map', 'Qty=shares')).code).toBe(2);
  });

  it('takes the content of the file as a part of what an idempotency key stands for', async () => {
    const user = await trader();
    const of = (price: number) => file('keyed.csv', `${HEADER}\nk1,TCS,BUY,1,${price},2024-01-05\n`);
    const key = ['--idempotency-key', `key-of-${user}`];
    expect((await load(await of(100), user, ...key)).code).toBe(0);
    const again = await load(await of(100), user, ...key);
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('Already applied') });
    const changed = await load(await of(101), user, ...key);
    expect(changed).toMatchObject({ code: 2, stderr: expect.stringContaining('KEY_REUSED') });
    expect((await load('-', user, ...key)).code).toBe(2);
  });

  it('takes the content of the file of --map as a part of it, too', async () => {
    const user = await trader();
    const trades = await file(
      'mapped.csv',
      'id,symbol,side,quantity,price,stop,time\nk1,TCS,BUY,1,100,90,2024-01-05\n',
    );
    const map = (price: string) => {
      const columns = { id: 'trade_id', [price]: 'price', time: 'executed_at' };
      return file('saved.json', JSON.stringify({ columns, time_zone: 'Asia/Kolkata' }));
    };
    const key = ['--idempotency-key', `map-of-${user}`];
    expect((await load(trades, user, '--map', await map('price'), ...key)).code).toBe(0);
    const again = await load(trades, user, '--map', await map('price'), ...key);
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('Already applied') });
    const changed = await load(trades, user, '--map', await map('stop'), ...key);
    expect(changed).toMatchObject({ code: 2, stderr: expect.stringContaining('KEY_REUSED') });
    const pairs = await load(trades, user, '--map', 'id=trade_id,time=executed_at', ...key);
    expect(pairs).toMatchObject({ code: 2, stderr: expect.stringContaining('KEY_REUSED') });
  });

  it('reads NDJSON, gzip, local times, and the times of --time-zone and --dates', async () => {
    const user = await trader();
    const rows = [
      '{"trade_id":1,"symbol":"M&M","side":"BUY","quantity":2.0,"price":10,"executed_at":"03/04/2024 09:15:00"}',
      '{"trade_id":2,"symbol":"FOCUS$","side":"BUY","quantity":1,"price":10,"executed_at":1712115900}',
      '{"trade_id":3,"symbol":"A B","side":"BUY","quantity":1,"price":10,"executed_at":"03-Apr-2024 09:15:00 +0530"}',
    ];
    const path = await file('trades.ndjson.gz', gzipSync(rows.join('\n')));
    expect(await load(path, user)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('give --dates dmy'),
    });
    const done = await load(path, user, '--dates', 'dmy', '--time-zone', 'America/New_York');
    expect(done).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('Times without an offset are read in America/New_York'),
    });
    const { rows: times } = await db.query(
      'SELECT symbol, f.executed_at FROM order_fills f JOIN orders USING (order_id) WHERE user_id = $1 ORDER BY broker_fill_id',
      [user],
    );
    expect(times).toEqual([
      { symbol: 'M&M', executed_at: '2024-04-03T13:15:00.000000Z' },
      { symbol: 'FOCUS$', executed_at: '2024-04-03T03:45:00.000000Z' },
      { symbol: 'A B', executed_at: '2024-04-03T03:45:00.000000Z' },
    ]);
  });

  it('refuses a symbol that its column cannot hold, and says why', async () => {
    const path = await file(
      'option.csv',
      `${HEADER}\n1,${'NIFTY26JAN2624500CE12'.padEnd(51, 'X')},BUY,1,1,2024-01-05\n`,
    );
    expect(await load(path, await trader())).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('at most 50'),
    });
  });

  const BAD_LINES = [
    'B1,TCS,BUY,10,3500,2024-01-05',
    'B2,TCS,HOLD,10,3500,2024-01-05',
    'B3,TCS,BUY,-1,3500,2024-01-05',
    'B4,TCS,BUY,1.5,3500,2024-01-05',
    'B5,TCS,BUY,1,0,2024-01-05',
    'B6,TCS,BUY,1,3500,2199-01-05',
    'B7,T\u001b[2JCS,BUY,1,3500,2024-01-05',
    'B8,TCS,BUY,1,3500,2024-02-30',
    'B9,TCS,BUY,1',
    ',TCS,BUY,1,3500,2024-01-05',
    'B1,TCS,BUY,10,3501,2024-01-05',
    'B1,TCS,BUY,10,3500,2024-01-05',
  ];

  it('takes all or nothing, and names the bad lines by number', async () => {
    const user = await trader();
    const path = await file('bad.csv', [HEADER, ...BAD_LINES].join('\n'));
    const { code, stdout, stderr } = await db.cli('order', 'import', path, '--as', 'trades', '--user', user);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('nothing was imported');
    for (const line of [
      'line 3: side',
      'line 4: quantity',
      'line 6: price',
      'line 7: executed_at is in the future',
    ])
      expect(stderr).toContain(line);
    expect(stderr).not.toContain('\u001b');
    expect(await counts(user)).toEqual({ orders: 0, fills: 0, positions: 0 });
  });

  it('with --keep-going takes the good lines and lists the bad ones in a file', async () => {
    const user = await trader();
    const path = await file('bad2.csv', [HEADER, ...BAD_LINES].join('\n'));
    const rejects = join(folder, 'rejects.csv');
    const { code, stdout } = await load(path, user, '--keep-going', '--rejects', rejects);
    expect(code).toBe(6);
    expect(JSON.parse(stdout)).toMatchObject({ imported: 1, known: 1, rejected: 10, rejects_file: rejects });
    const lines = (await readFile(rejects, 'utf8')).trim().split('\n');
    expect(lines[0]).toBe('line,reason');
    expect(
      lines
        .slice(1)
        .map((line) => Number(line.split(',')[0]))
        .sort((a, b) => a - b),
    ).toEqual([3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    expect(await counts(user)).toEqual({ orders: 1, fills: 1, positions: 1 });
    const again = await load(path, user, '--keep-going', '--rejects', rejects);
    expect({ code: again.code, stderr: again.stderr }).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('FILE_EXISTS'),
    });
  });

  it.each([
    ['an empty file', '', 'empty'],
    ['missing columns', 'trade_id,symbol\nA,B\n', 'no column side, quantity, price, executed_at'],
    ['a column twice', `${HEADER},price\n`, 'price twice'],
    ['a quote left open', `${HEADER}\nA1,"TCS,BUY,1,1,2024-01-05\n`, 'quote'],
    ['something else altogether', 'x'.repeat(200_000), 'too long'],
  ])('refuses %s with exit 2', async (name, content, message) => {
    const user = await trader();
    const { code, stderr } = await db.cli(
      'order',
      'import',
      await file(`${name}.csv`, content),
      '--as',
      'trades',
      '--user',
      user,
    );
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(message) });
  });

  it('names a file that is not there, a folder, and an unknown trader', async () => {
    const user = await trader();
    expect(await load(join(folder, 'none.csv'), user)).toMatchObject({ code: 2 });
    expect(await load(folder, user)).toMatchObject({ code: 2 });
    expect(await load(await file('h.csv', `${HEADER}\n`), 'nobody')).toMatchObject({ code: 3 });
    expect(JSON.parse((await load(join(folder, 'h.csv'), user)).stdout)).toMatchObject({
      imported: 0,
      known: 0,
    });
  });

  it('reads stdin for -, and a dry run leaves nothing', async () => {
    const user = await trader();
    const stdin = `${HEADER}\nS1,TCS,BUY,10,3500,2024-01-05\n`;
    const dry = await db.cliWith(
      { stdin },
      'order',
      'import',
      '-',
      '--as',
      'trades',
      '--user',
      user,
      '--dry-run',
      '--json',
    );
    expect(JSON.parse(dry.stdout)).toMatchObject({ imported: 1 });
    expect(await counts(user)).toEqual({ orders: 0, fills: 0, positions: 0 });
    await db.cliWith({ stdin }, 'order', 'import', '-', '--as', 'trades', '--user', user);
    expect(await counts(user)).toEqual({ orders: 1, fills: 1, positions: 1 });
  });

  it('needs the strategy that a row names, but no activation of it', async () => {
    const user = await trader();
    const path = await file(
      'strategy.csv',
      `${HEADER},strategy_id\nS1,TCS,BUY,10,3500,2024-01-05,swing_${users}\n`,
    );
    expect(await load(path, user)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`no strategy swing_${users}`),
    });
    await given.strategy(db, `swing_${users}`);
    expect(JSON.parse((await load(path, user)).stdout)).toMatchObject({ imported: 1 });
  });

  it('imports batches larger than one, in the order of the file', async () => {
    const user = await trader();
    const rows = Array.from(
      { length: 2_500 },
      (_, i) => `L${i},TCS,${i % 2 ? 'SELL' : 'BUY'},10,${3500 + i},2024-01-05T10:00:00Z`,
    );
    const { stdout } = await load(await file('many.csv', [HEADER, ...rows].join('\n')), user);
    expect(JSON.parse(stdout)).toMatchObject({ imported: 2_500, realized_pnl: '12500.00' });
    const { rows: order } = await db.query(
      `SELECT broker_fill_id FROM order_fills f JOIN orders USING (order_id) WHERE user_id = $1 ORDER BY order_id LIMIT 3`,
      [user],
    );
    expect(order.map((row) => row['broker_fill_id'])).toEqual(['L0', 'L1', 'L2']);
  });
});

describe.each(servers)('two imports of one file at once on $name', ({ open }) => {
  it('take turns: one imports, the other knows every trade', async () => {
    const db = await open();
    const folder = await mkdtemp(join(tmpdir(), 'pinnacle-import-'));
    try {
      await given.user(db, 'u');
      const path = join(folder, 'trades.csv');
      await writeFile(
        path,
        [HEADER, ...Array.from({ length: 50 }, (_, i) => `T${i},TCS,BUY,1,10,2024-01-05`)].join('\n'),
      );
      const run = () =>
        db.json<{ imported: number; known: number }>(
          'order',
          'import',
          path,
          '--as',
          'trades',
          '--user',
          'u',
        );
      const results = await Promise.all([run(), run()]);
      expect(
        results.map(({ imported, known }) => [imported, known]).sort((a, b) => Number(a[0]) - Number(b[0])),
      ).toEqual([
        [0, 50],
        [50, 0],
      ]);
    } finally {
      await db.close();
      await rm(folder, { recursive: true });
    }
  });
});

const trades = resolve('../shared/data/nse_trades_2021_2023.csv');

describe.skipIf(!existsSync(trades)).each(databases)('a real history of three years on $name', ({ open }) => {
  it('leaves 6 open positions, 124 round trips and the capital to the paisa', async () => {
    const db = await open();
    try {
      await given.user(db);
      await given.strategy(db, 'momentum_rs');
      const load = () => db.json('order', 'import', trades, '--as', 'trades', '--user', 'trader_001');
      expect(await load()).toMatchObject({ imported: 254, known: 0 });
      expect(await db.json<unknown[]>('position', 'list')).toHaveLength(6);
      const closed = await db.json<{ realized_pnl: string }[]>(
        'position',
        'list',
        '--status',
        'CLOSED',
        '--all',
      );
      expect(closed).toHaveLength(124);
      expect(closed.reduce((sum, { realized_pnl }) => sum + Number(realized_pnl), 0)).toBeCloseTo(
        2319012.64,
        6,
      );
      expect(await db.json('user', 'show', 'trader_001')).toMatchObject({ total_capital: '3319012.64' });
      expect(await load()).toMatchObject({ imported: 0, known: 254 });
    } finally {
      await db.close();
    }
  });
});
