import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

const TRADES = 'trade_id,symbol,side,quantity,price,executed_at';

describe.each(databases)('files with old names of symbols on $name', ({ open }) => {
  let db: TestDatabase;
  let folder: string;
  let files = 0;

  beforeAll(async () => {
    db = await open();
    folder = await mkdtemp(join(tmpdir(), 'pinnacle-alias-'));
    await db.json(...words('symbol alias LTI LTIM --from 2022-12-05'));
    await db.json(...words('symbol alias SOON LATER --from 2999-01-01'));
  });
  afterAll(async () => {
    await db.close();
    await rm(folder, { recursive: true });
  });

  const file = async (...lines: string[]) => {
    const path = join(folder, `${++files}.csv`);
    await writeFile(path, `${lines.join('\n')}\n`);
    return path;
  };
  const importTrades = async (user: string, lines: string[], ...flags: string[]) => {
    const path = await file(TRADES, ...lines);
    const { code, stdout, stderr } = await db.cli(
      'order',
      'import',
      path,
      '--as',
      'trades',
      '--user',
      user,
      '--json',
      ...flags,
    );
    expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
    return { ...JSON.parse(stdout), stderr };
  };
  const positionsOf = async (user: string) => {
    const { rows } = await db.query(
      'SELECT symbol, side, quantity, status FROM positions WHERE user_id = $1 ORDER BY symbol, opened_at',
      [user],
    );
    return rows.map((p) => `${p['symbol']} ${p['side']} ${p['quantity']} ${p['status']}`);
  };

  it('are booked under the new one, so that a sale after the change meets the purchase before it', async () => {
    const user = await given.user(db, 'u1');
    const lines = [
      '1,LTI,BUY,10,100,2022-11-01T10:00:00Z',
      '2,LTIM,SELL,4,120,2022-12-06T10:00:00Z',
      '3,LTI,SELL,6,130,2022-12-07T10:00:00Z',
      '4,SOON,BUY,1,5,2022-12-07T10:00:00Z',
    ];
    const first = await importTrades(user, lines);
    expect(first).toMatchObject({ imported: 4, realized_pnl: '260.00' });
    expect(first.stderr).toContain('Renamed by alias: 2 rows of LTI, which is LTIM now.');
    expect(await positionsOf(user)).toEqual(['LTIM LONG 0 CLOSED', 'SOON LONG 1 OPEN']);
    expect(await importTrades(user, lines)).toMatchObject({ imported: 0, known: 4 });
    expect((await db.cli('doctor', 'ledger', '--user', user)).code).toBe(0);
  });

  it('are known again where they were booked before the alias, which does not meet until it is merged', async () => {
    const user = await given.user(db, 'u2');
    const bought = ['1,OLDCO,BUY,10,100,2026-01-05T10:00:00Z'];
    await importTrades(user, bought);
    await db.json(...words('symbol alias OLDCO NEWCO'));
    const { stderr, ...again } = await importTrades(user, bought);
    expect(again).toMatchObject({ imported: 0, known: 1 });
    expect(stderr).toContain(`pinnacle position merge-symbol OLDCO --user ${user}`);
  });

  it('keep the made id of a trade without one when the name changes', async () => {
    const user = await given.user(db, 'u3');
    const path = await file(
      'Date,Time,Name,Buy/Sell,Order,Exchange,Segment,Quantity/Lot,Trade Price,Trade Value,Status',
      '2026-01-05,10:00:00,DHANCO,BUY,CNC,NSE,Equity,10,100,1000,Traded',
    );
    const run = () => db.json(...words(`order import ${path} --as trades --user ${user} --from dhan`));
    expect(await run()).toMatchObject({ imported: 1 });
    await db.json(...words('symbol alias DHANCO DHANNEW'));
    expect(await run()).toMatchObject({ imported: 0, known: 1 });
  });

  it('hold for orders, and for marks of what is booked under either name', async () => {
    const user = await given.user(db, 'u4');
    const columns = 'order_id,user_id,symbol,side,order_type,quantity,price,status,created_at';
    const path = await file(columns, `o1,${user},LTI,BUY,LIMIT,10,100,CANCELLED,2022-11-01T10:00:00Z`);
    const { code, stderr } = await db.cli('order', 'import', path, '--as', 'orders');
    expect({ code, said: stderr.includes('1 row of LTI, which is LTIM now') }).toEqual({
      code: 0,
      said: true,
    });
    expect(await db.json('order', 'show', 'o1')).toMatchObject({ symbol: 'LTIM' });

    await given.position(db, { user, symbol: 'LTIM', price: 100 });
    await given.position(db, { user, symbol: 'LTI', price: 100 });
    expect(await db.json<unknown[]>('position', 'mark', 'LTI=110')).toMatchObject([
      { symbol: 'LTI', price: 110, positions: 1 },
      { symbol: 'LTIM', price: 110, positions: 1 },
    ]);
    await db.refused('position mark LTI=110 LTIM=111', { code: 2, stderr: /LTIM is marked twice/ });
  });
});
