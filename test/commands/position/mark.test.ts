import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Position, unrealized } from '../../../src/domain/position.ts';
import { databases, servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

interface Row extends Position {
  user_id: string;
  symbol: string;
  updated_at: string;
}

const TRADES = `trade_id,symbol,side,quantity,price,executed_at
A1,TCS,BUY,3,4000.10,2024-01-05
A2,TCS,BUY,4,4000.20,2024-01-05
A3,INFY,SELL,7,1500.33,2024-01-05
A4,ITC,BUY,100,400,2024-01-05
A5,ITC,SELL,100,410,2024-01-05`;

/** The columns of a mark that is from no quote. */
const BY_HAND = { marked_at: null, stale: null, problem: null };

describe.each(databases)('position mark on $name', ({ open }) => {
  let db: TestDatabase;
  let folder: string;

  beforeAll(async () => {
    db = await open();
    folder = await mkdtemp(join(tmpdir(), 'pinnacle-mark-'));
    for (const [user, trades] of [
      ['trader_001', TRADES],
      ['trader_002', TRADES.replaceAll('A', 'B').replace('BUY,3,4000.10', 'SELL,9,3900')],
    ] as const) {
      await given.user(db, user);
      const path = await file(`${user}.csv`, trades);
      await db.json(...words(`order import ${path} --as trades --user ${user}`));
    }
  });
  afterAll(async () => {
    await db.close();
    await rm(folder, { recursive: true });
  });

  const file = async (name: string, content: string) => {
    await writeFile(join(folder, name), content);
    return join(folder, name);
  };
  const positions = async (where = 'true') =>
    (
      await db.query(
        `SELECT user_id, symbol, side, quantity, average_price, current_price, unrealized_pnl, status, updated_at
         FROM positions WHERE ${where} ORDER BY user_id, position_id`,
      )
    ).rows as unknown as Row[];
  const audits = async () => (await db.audits('position mark')).map(({ body }) => body);

  it('marks every open position of every trader in its symbols, exactly as the ledger would', async () => {
    const before = await positions("symbol <> 'TCS' OR status = 'CLOSED'");
    const marked = await db.json<unknown[]>('position', 'mark', 'tcs=4012.55');
    const rows = await positions("symbol = 'TCS' AND status = 'OPEN'");
    expect(rows.map(({ user_id, side, quantity }) => `${user_id} ${side} ${quantity}`)).toEqual([
      'trader_001 LONG 7',
      'trader_002 SHORT 5',
    ]);
    for (const row of rows) {
      expect(row.current_price).toBe(4012.55);
      expect(row.unrealized_pnl).toBe(unrealized(row, 4012.55));
    }
    // 7 at 4000.157142…: 86.75; short 5 at 3900: -562.75.
    expect(marked).toEqual([
      { symbol: 'TCS', price: 4012.55, positions: 2, unrealized_pnl: '-476.00', ...BY_HAND },
    ]);
    expect(await positions("symbol <> 'TCS' OR status = 'CLOSED'")).toEqual(before);
    expect(await audits()).toMatchObject([
      { symbols: 1, positions: 2, marks: [{ symbol: 'TCS', price: 4012.55 }] },
    ]);
  });

  it('at the average price leaves nothing unrealized, and no minus zero', async () => {
    await db.json('position', 'mark', 'INFY=1500.33');
    const rows = await positions("symbol = 'INFY'");
    expect(rows.map(({ side, unrealized_pnl }) => [side, unrealized_pnl])).toEqual([
      ['SHORT', 0],
      ['SHORT', 0],
    ]);
  });

  it('takes a quote file and leaves out what nobody holds', async () => {
    const quotes = 'symbol,ltp,timestamp\nINFY,1510.25,x\nM&M,3000,x\nITC,400,x\ninfy,1510.250,x\n';
    const result = await db.cliWith({ stdin: quotes }, ...words('position mark TCS=4000 --file - --json'));
    expect(result.code).toBe(0);
    expect(result.stderr).toContain('Skipped 2 symbols without an open position.');
    expect(JSON.parse(result.stdout)).toEqual([
      { symbol: 'INFY', price: 1510.25, positions: 2, unrealized_pnl: '-138.88', ...BY_HAND },
      { symbol: 'TCS', price: 4000, positions: 2, unrealized_pnl: '-501.10', ...BY_HAND },
    ]);
    const count = (await audits()).length;
    const idle = await db.cli('position', 'mark', '--file', await file('idle.csv', 'symbol,price\nSBIN,1\n'));
    expect(idle).toMatchObject({ code: 0, stdout: '' });
    expect(await audits()).toHaveLength(count);
  });

  it('moves the equity of a running session, and its peak and drawdown', async () => {
    await db.json(...words('position mark TCS=4000 INFY=1500.33'));
    await db.json(...words('session start --user trader_002'));
    const session = async () => db.json(...words('session show --user trader_002'));
    await db.json('position', 'mark', 'TCS=3890');
    // A million, 1000 made in ITC, 400.80 lost in TCS; 5 short at 3900.
    expect(await session()).toMatchObject({
      equity: '1000649.20',
      peak_equity: '1000649.20',
      max_drawdown: 0,
    });
    await db.json('position', 'mark', 'TCS=5800');
    const after = await session();
    expect(after).toMatchObject({ equity: '991099.20', peak_equity: '1000649.20' });
    expect(after['max_drawdown']).toBeCloseTo((9_550 / 1_000_649.2) * 100, 10);
  });

  it('refuses a symbol nobody holds when it is named, and marks nothing', async () => {
    const before = await positions();
    for (const symbol of ['SBIN', 'ITC']) {
      await db.refused(`position mark TCS=1 ${symbol}=100`, {
        code: 3,
        stderr: `Nobody has an open position in ${symbol}.`,
      });
    }
    expect(await positions()).toEqual(before);
  });

  it('marks nothing in a dry run', async () => {
    const before = await positions();
    expect(await db.json('position', 'mark', 'TCS=1', '--dry-run')).toMatchObject([{ price: 1 }]);
    expect(await positions()).toEqual(before);
  });
});

describe.each(servers)('what position mark refuses on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.close());

  it.each([
    [[], 'Nothing to mark'],
    [['TCS'], '"TCS" is no mark'],
    [['TCS=1=2'], 'is no mark'],
    [['TCS='], 'price of TCS'],
    [['=5'], 'the symbol must be'],
    [['TCS=0'], 'price of TCS must be a number of rupees'],
    [['TCS=-4'], 'not "-4"'],
    [['TCS=NaN'], 'not "NaN"'],
    [['TCS=Infinity'], 'not "Infinity"'],
    [['TCS=1e3'], 'not "1e3"'],
    [['TCS=1000000001'], 'from 0.01 to 1000000000'],
    [['TCS=1,000'], 'not "1,000"'],
    [['INFY=1', 'TCS=1', 'tcs=2'], '"tcs=2": TCS is marked twice, at 1 and at 2'],
    [['--file', '/nonexistent.csv'], '/nonexistent.csv does not exist'],
  ])('%j', async (argv, complaint) => {
    await db.refused(['position', 'mark', ...argv], { code: 2, stderr: complaint });
  });

  it.each([
    ['symbol,price\nTCS,1\nINFY,0\n', 'stdin, line 3: the price of INFY'],
    ['symbol,price\nTCS,1\n\nTCS,2\n', 'stdin, line 4: TCS is marked twice'],
    ['symbol,price\nTCS\n', 'line 2: has 1 fields, not 2'],
    ['symbol,price\nTCS,\n', 'line 2: the price of TCS'],
    ['symbol,price\n\u001b[31mRED,1\n', 'line 2: the symbol must be'],
    ['symbol,price,ltp\nTCS,1,1\n', 'one column with prices'],
    ['symbol\nTCS\n', 'one column with prices'],
    ['ticker,price\nTCS,1\n', 'no column symbol'],
    ['symbol,price\n', 'There are no marks in stdin'],
    ['', 'stdin is empty'],
    ['', 'symbol,price'],
  ])('%j', async (stdin, complaint) => {
    const refusal = { code: 2, stderr: complaint };
    const { message } = await db.refused('position mark --file -', refusal, { stdin });
    expect(message).not.toContain('\u001b');
  });

  it('keeps positions and sessions true while fills arrive', async () => {
    await given.user(db);
    await db.json(...words('session start --user trader_001'));
    await given.position(db, { price: 100 });
    const prices = Array.from({ length: 5 }, (_, i) => Number((101 + i / 7).toFixed(4)));
    await Promise.all(
      prices.flatMap((price) => [given.position(db, { price }), db.json('position', 'mark', `TCS=${price}`)]),
    );
    const { rows } = await db.query(
      'SELECT side, quantity, average_price, current_price, unrealized_pnl FROM positions',
    );
    const [row] = rows as unknown as Row[];
    expect(row).toMatchObject({ quantity: 60 });
    expect(row?.unrealized_pnl).toBe(row && unrealized(row, row.current_price));
    expect((await db.cli('doctor', 'ledger')).code).toBe(0);
  });

  it('waits for a trader whose book is being written, and marks what was written', async () => {
    await given.user(db, 'trader_002');
    const open = (id: string, symbol: string) =>
      db.query(
        `INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price)
         VALUES ($1, 'trader_002', $2, 'LONG', 10, 100, 100)`,
        [id, symbol],
      );
    await open('held', 'LT');
    await db.query('BEGIN');
    await db.query("SELECT FROM users WHERE user_id = 'trader_002' FOR NO KEY UPDATE");
    await open('written', 'SBIN');
    const marking = db.json('position', 'mark', 'LT=101', 'SBIN=103');
    const waits = async () =>
      (await db.query('SELECT FROM pg_locks WHERE NOT granted AND transactionid = pg_current_xact_id()::xid'))
        .rows.length;
    await expect.poll(waits, { timeout: 20_000 }).toBe(1);
    await db.query('COMMIT');
    expect(await marking).toEqual([
      { symbol: 'LT', price: 101, positions: 1, unrealized_pnl: '10.00', ...BY_HAND },
      { symbol: 'SBIN', price: 103, positions: 1, unrealized_pnl: '30.00', ...BY_HAND },
    ]);
  });
});

describe.each(servers)('position mark on a $name of phase 2', ({ open }) => {
  it('needs no sessions, and takes the positions of a thousand traders at once', async () => {
    const db = await open(2);
    await db.query(
      `INSERT INTO users (user_id, name, email, api_key) SELECT 'u' || i, 'n', 'e' || i, 'k' || i FROM generate_series(1, 1000) i`,
    );
    await db.query(
      `INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price)
       SELECT 'p' || i || s, 'u' || i, s, 'LONG', 10, 100, 100 FROM generate_series(1, 1000) i, (VALUES ('TCS'), ('INFY')) v(s)`,
    );
    expect(await db.json('position', 'mark', 'TCS=101', 'INFY=99')).toEqual([
      { symbol: 'INFY', price: 99, positions: 1000, unrealized_pnl: '-10000.00', ...BY_HAND },
      { symbol: 'TCS', price: 101, positions: 1000, unrealized_pnl: '10000.00', ...BY_HAND },
    ]);
    await db.close();
  });
});
