import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

type Row = Record<string, unknown>;

const TRADES = `trade_id,symbol,side,quantity,price,executed_at
T1,TCS,BUY,10,100,2026-01-05T10:00:00+05:30
T2,TCS,SELL,10,110,2026-01-30T10:00:00+05:30
T3,INFY,BUY,10,200,2026-01-30T10:30:00+05:30
T4,INFY,SELL,10,190,2026-02-01T00:10:00+05:30
T5,INFY,BUY,5,100,2026-02-03T10:00:00+05:30
T6,INFY,SELL,5,100,2026-02-03T11:00:00+05:30
T7,SBIN,BUY,4,50,2026-02-04T10:00:00+05:30
`;

describe.each(databases)('position pnl on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    for (const user of ['u1', 'u2']) {
      await given.user(db, user, { name: `Name of ${user}` });
      const trades = user === 'u1' ? TRADES : TRADES.split('\n').slice(0, 3).join('\n');
      const { code, stderr } = await db.cliWith(
        { stdin: trades },
        ...words(`order import - --as trades --user ${user}`),
      );
      expect(code, stderr).toBe(0);
    }
    await db.json(...words('position mark SBIN=60 --yes'));
  });
  afterAll(() => db.close());

  const pnl = (line: string) => db.json<Row[]>(...words(`position pnl ${line}`));
  const columns = async (line: string, ...names: string[]) =>
    (await pnl(line)).map((row) => names.map((name) => row[name]));

  it('goes by user and month, with names, counts and the share of trades that won', async () => {
    expect(
      await columns(
        '--by user,month',
        'key',
        'user_id',
        'name',
        'period',
        'fills',
        'realized_pnl',
        'trades',
        'win_rate',
      ),
    ).toEqual([
      ['u1 / 2026-01', 'u1', 'Name of u1', '2026-01', 3, '100.00', 1, 100],
      ['u1 / 2026-02', 'u1', 'Name of u1', '2026-02', 4, '-100.00', 2, 0],
      ['u2 / 2026-01', 'u2', 'Name of u2', '2026-01', 2, '100.00', 1, 100],
    ]);
    expect((await pnl('--by user,month'))[0]).toMatchObject({ wins: 1, losses: 0, unrealized_pnl: null });
  });

  it('goes by any of them together, in the order that is asked for', async () => {
    expect(
      await columns('--by symbol,user --user u1', 'key', 'realized_pnl', 'unrealized_pnl', 'trades'),
    ).toEqual([
      ['INFY / u1', '-100.00', '0.00', 2],
      ['SBIN / u1', '0.00', '40.00', 0],
      ['TCS / u1', '100.00', '0.00', 1],
    ]);
    expect(await columns('--by month --by strategy', 'key', 'strategy_id', 'realized_pnl')).toEqual([
      ['2026-01 / -', null, '200.00'],
      ['2026-02 / -', null, '-100.00'],
    ]);
  });

  it('counts as before by one of them, the best first, and a half by what was decided', async () => {
    expect(await columns('--by user', 'key', 'realized_pnl', 'trades', 'wins', 'losses', 'win_rate')).toEqual(
      [
        ['u2', '100.00', 1, 1, 0, 100],
        ['u1', '0.00', 3, 1, 1, 50],
      ],
    );
    expect(await columns('--by day --since 2026-02-03', 'key', 'trades', 'win_rate')).toEqual([
      ['2026-02-03', 1, null],
      ['2026-02-04', 0, null],
    ]);
    const { stdout } = await db.cli(...words('position pnl --by symbol --user u1'));
    expect(stdout.split('\n')[0]).toMatch(/^TCS\t2\t100\.00\t0\.00\t/);
    expect(Object.keys((await pnl('--by symbol'))[0] ?? {})).not.toContain('name');
  });

  it('agrees with the trades of reports', async () => {
    const trades = await db.json<Row[]>(...words('report trades --user u1'));
    const [row] = await pnl('--by user --user u1');
    expect(row).toMatchObject({
      trades: trades.length,
      wins: trades.filter((t) => Number(t['gross_pnl']) > 0).length,
    });
  });

  it('takes several users, and refuses two periods and users that are not there', async () => {
    expect(await columns('--by user --user u1,u2', 'key')).toEqual([['u2'], ['u1']]);
    await db.refused('position pnl --by user,day,month', {
      code: 2,
      stderr: /--by takes one of day, week, month/,
    });
    await db.refused('position pnl --by user,mont', { code: 2, stderr: /--by month\?/ });
    await db.refused('position pnl --user u1,nobody', { code: 3, error: 'USER_NOT_FOUND' });
    await db.refused('position pnl --by user,symbol --net', { code: 2, stderr: /no symbol has any/ });
  });

  it('takes charges from each user and month', async () => {
    await db.json(...words('charges book --day 2026-01-30 --user u1'));
    const rows = await pnl('--by user,month --net');
    expect(rows.map(({ key, charges }) => [key, charges === null])).toEqual([
      ['u1 / 2026-01', false],
      ['u1 / 2026-02', true],
      ['u2 / 2026-01', true],
    ]);
    expect(Number(rows[0]?.['net_pnl'])).toBeCloseTo(100 + Number(rows[0]?.['charges']), 2);
  });

  it('says the total of several rows to a person, and to nobody else', async () => {
    const line = words('position pnl --by user,month');
    const { stderr } = await db.cliWith({ tty: true, env: { LANG: 'C.UTF-8', NO_COLOR: '1' } }, ...line);
    expect(stderr).toContain('Total: 9 fills, realized +₹100.00, 4 trades, win rate 66.67%\n');
    expect((await db.cli(...line)).stderr).toBe('');
    expect((await db.cliWith({ tty: true }, ...line, '--json')).stderr).toBe('');
  });
});
