import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

type Row = Record<string, unknown>;

describe.each(databases)('report snapshot on $name', ({ open }) => {
  let db: TestDatabase;
  const rows = async () => (await db.query('SELECT * FROM equity_snapshots ORDER BY day, user_id')).rows;
  const snapshot = async (...flags: string[]) => {
    const { code, stdout, stderr } = await db.cli('report', 'snapshot', '--json', ...flags);
    return { code, stderr, day: JSON.parse(stdout || '[{}]')[0] as Row };
  };
  /** Another day of the same book. */
  const daysBefore = async (days: number) =>
    String(
      (
        await db.query(
          `SELECT to_char((now() AT TIME ZONE 'Asia/Kolkata')::date - ${days}, 'YYYY-MM-DD') AS day`,
        )
      ).rows[0]?.['day'],
    );

  beforeAll(async () => {
    db = await open();
    for (const user of ['trader_001', 'trader_002', 'trader_003']) await given.user(db, user);
    await given.position(db, { user: 'trader_001', symbol: 'TCS', quantity: 10, price: 100 });
    await given.position(db, { user: 'trader_002', symbol: 'INFY', side: 'SELL', quantity: 5, price: 50 });
    await db.json('user', 'deposit', 'trader_001', '1000');
  });
  afterAll(() => db.close());

  it('has what each user is worth: capital, what moved it, and open positions at their marks', async () => {
    await db.json('position', 'mark', 'TCS=110', 'INFY=45.5');
    const today = await daysBefore(0);
    const { code, day } = await snapshot();
    expect(code).toBe(0);
    expect(day).toEqual({
      ...{ day: today, users: 3, written: 3, incomplete: 0, moved_on: 0, unpriced: [], open_positions: 2 },
      ...{ closing_capital: '3001000.00', unrealized_pnl: '122.50' },
    });
    const values = (await rows()).map((row) => [
      row['capital'],
      row['paid_in'],
      row['unrealized_pnl'],
      row['long_value'],
      row['short_value'],
    ]);
    expect(values).toEqual([
      ['1001000.00', '1000.00', '100.00', '1100.00', '0.00'],
      ['1000000.00', '0.00', '22.50', '0.00', '227.50'],
      ['1000000.00', '0.00', '0.00', '0.00', '0.00'],
    ]);
  });

  it('writes nothing when nothing changed, and the same row where something did', async () => {
    const [before] = await rows();
    const entries = (await db.audits()).length;
    expect((await snapshot()).day).toMatchObject({ users: 3, written: 0 });
    expect(await db.audits()).toHaveLength(entries);
    await db.json('position', 'mark', 'TCS=111');
    expect((await snapshot()).day).toMatchObject({ written: 1 });
    const after = await rows();
    expect(after).toHaveLength(3);
    expect(after[0]).toMatchObject({ user_id: 'trader_001', unrealized_pnl: '110.00' });
    expect(before?.['unrealized_pnl']).toBe('100.00');
  });

  it('money that moves later is in the days that were taken down', async () => {
    const before = await daysBefore(1);
    await db.json(...words(`user withdraw trader_002 1000.50 --reference w1`));
    await db.json(...words(`user deposit trader_003 10 --day ${before}`));
    const { rows: flows } = await db.query("SELECT flow_id FROM cash_flows WHERE kind = 'withdrawal'");
    const values = async () => (await rows()).map((row) => [row['capital'], row['paid_in'], row['paid_out']]);
    expect(await values()).toEqual([
      ['1001000.00', '1000.00', '0.00'],
      ['998999.50', '0.00', '1000.50'],
      ['1000010.00', '0.00', '0.00'],
    ]);
    expect((await snapshot()).day).toMatchObject({ written: 0 });
    await db.json(...words(`user reverse-flow ${flows[0]?.['flow_id']} --reason r --yes`));
    expect((await values())[1]).toEqual(['1000000.00', '0.00', '0.00']);
    expect((await snapshot()).day).toMatchObject({ written: 0 });
  });

  it('a mark that was stale when trading ended is none: its symbol is named, and nothing is 0', async () => {
    await given.position(db, { user: 'trader_003', symbol: 'SBIN', quantity: 1, price: 500 });
    await db.query("UPDATE positions SET marked_at = now() - interval '9 days' WHERE symbol = 'SBIN'");
    const { code, day, stderr } = await snapshot();
    expect(code).toBe(6);
    expect(day).toMatchObject({ incomplete: 1, unpriced: ['SBIN'], unrealized_pnl: null });
    expect(stderr).toContain('without a price of the day in SBIN');
    expect((await rows())[2]).toMatchObject({
      unpriced: ['SBIN'],
      open_positions: 1,
      unrealized_pnl: null,
      long_value: null,
    });
  });

  it('a complete row stays where prices are lost later', async () => {
    await db.query("UPDATE positions SET marked_at = now() - interval '9 days' WHERE symbol = 'TCS'");
    expect((await snapshot()).day).toMatchObject({ incomplete: 1, written: 0, unpriced: ['SBIN'] });
    expect((await rows())[0]).toMatchObject({ unrealized_pnl: '110.00' });
  });

  it('a mark of the midst of the day is none of its end', async () => {
    await db.query(
      "UPDATE equity_snapshots SET priced_at = now() - interval '8 days' WHERE user_id = 'trader_001'",
    );
    const { code, day } = await snapshot();
    expect(code).toBe(6);
    expect(day).toMatchObject({ incomplete: 2, written: 1, unpriced: ['SBIN', 'TCS'] });
    expect((await rows())[0]).toMatchObject({ unrealized_pnl: null, unpriced: ['TCS'] });
  });

  it('what is held now says nothing about a day before the latest executions', async () => {
    const before = await daysBefore(1);
    expect((await snapshot('--day', before)).day).toBeUndefined();
    await db.query("UPDATE users SET created_at = created_at - interval '3 days'");
    const { code, day, stderr } = await snapshot('--day', before);
    expect(code).toBe(6);
    expect(day).toMatchObject({ users: 3, written: 0, moved_on: 3 });
    expect(stderr).toContain('3 users traded since');
  });

  it('sessions that end together take it down', async () => {
    await db.json('session', 'start', '--user', 'trader_001');
    await db.json('position', 'mark', 'TCS=112');
    const { code, stderr } = await db.cli('session', 'end', '--all');
    expect(code).toBe(0);
    expect(stderr).toContain('without a price of the day in SBIN');
    expect((await rows())[0]).toMatchObject({ unrealized_pnl: '120.00' });
  });

  it.each([
    ['--day 2999-01-01', 2],
    ['--day 2026-02-30', 2],
    ['--day tomorrow', 2],
  ])('%s is refused', async (flags, code) => {
    expect((await snapshot(...words(flags))).code).toBe(code);
  });
});
