import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

type Row = Record<string, unknown>;

describe.each(databases)('the weight of positions on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    for (const user of ['u1', 'u2']) await given.user(db, user);
    await given.position(db, { user: 'u1', symbol: 'TCS', price: 100 });
    await given.position(db, { user: 'u1', symbol: 'INFY', side: 'SELL', quantity: 20, price: 50 });
    await given.position(db, { user: 'u1', symbol: 'SBIN', quantity: 10, price: 60 });
    await given.position(db, { user: 'u1', symbol: 'SBIN', side: 'SELL', quantity: 10, price: 70 });
    await given.position(db, { user: 'u2', symbol: 'TCS', quantity: 5, price: 100 });
    await db.json(...words('position mark TCS=110 INFY=45 --yes'));
    await db.json(...words('risk set u1 MAX_ORDERS_PER_DAY 4'));
    await db.json(...words('risk set u1 MIN_CAPITAL_THRESHOLD 500000'));
    await db.json(...words('risk set u2 MAX_ORDERS_PER_DAY 40'));
    await db.cli('risk', 'check');
  });
  afterAll(() => db.close());

  const onTerminal = (line: string) =>
    db.cliWith({ tty: true, columns: 200, env: { LANG: 'C.UTF-8', NO_COLOR: '1' } }, ...words(line));

  it('is the share of each in what its user has open, long or short, beside the gain on its cost', async () => {
    const rows = await db.json<Row[]>(...words('position list --status any --sort opened_at --reverse'));
    expect(
      rows.map(({ user_id, symbol, gain_percent, weight }) => [user_id, symbol, gain_percent, weight]),
    ).toEqual([
      ['u1', 'TCS', 10, 55],
      ['u1', 'INFY', 10, 45],
      ['u1', 'SBIN', null, null],
      ['u2', 'TCS', 10, 100],
    ]);
    const two = await db.json<Row[]>(...words('position list --user u1,u2 --symbol TCS'));
    expect(two.map(({ weight }) => weight)).toEqual([100, 55]);
  });

  it('adds no column to a pipe that did not name it', async () => {
    const piped = (await db.cli(...words('position list --user u2'))).stdout.trim().split('\t');
    const named = (await db.cli(...words('position list --user u2 --columns symbol,weight'))).stdout;
    expect({ columns: piped.length, named }).toEqual({ columns: 12, named: 'TCS\t100\n' });
    expect((await db.cli(...words('position list --user u2 --csv'))).stdout).not.toContain('weight');
  });

  it('is told a person with the total of what is listed, or of all that match', async () => {
    const whole = await onTerminal('position list');
    expect(whole.stdout).toMatch(/gain_percent +weight\n/);
    expect(whole.stdout).toMatch(/\+10\.00% +55\.00%\n/);
    const total = 'unrealized +₹250.00, realized ₹0.00, exposure ₹2,550.00';
    expect(whole.stderr).toBe(`Total of 3 positions: ${total}\n`);
    expect((await onTerminal('position list --all')).stderr).toBe(`Total of 3 positions: ${total}\n`);
    const page = await onTerminal('position list --limit 2');
    expect(page.stderr).toContain(`Total of 3 positions: ${total}\n`);
    const part = await onTerminal('position list --status any --limit 2');
    expect(part.stderr).toMatch(/Total of these 2 positions: unrealized \+₹50\.00, realized \+₹100\.00/);
    expect((await onTerminal('position list --user u2')).stderr).toBe('');
    expect((await db.cli(...words('position list --limit 2'))).stderr).not.toContain('Total');
  });

  it('has its like in the use of limits, drawn for a person', async () => {
    const rows = await db.json<Row[]>(...words('risk list'));
    expect(rows.map(({ user_id, rule_type, use, headroom }) => [user_id, rule_type, use, headroom])).toEqual([
      ['u1', 'MAX_ORDERS_PER_DAY', 100, 0],
      ['u1', 'MIN_CAPITAL_THRESHOLD', 49.99, 500_300],
      ['u2', 'MAX_ORDERS_PER_DAY', 2.5, 39],
    ]);
    const { stdout } = await onTerminal('risk list');
    expect(stdout).toMatch(/██████████ 100\.00% /);
    expect(stdout).toMatch(/████░░░░░░ +49\.99% +₹5,00,300\.00/);
    const ascii = await db.cliWith({ tty: true, columns: 200, env: { LANG: 'C' } }, ...words('risk list'));
    expect(ascii.stdout).toMatch(/####\.{6} +49\.99%/);
    expect((await db.cli(...words('risk list --user u2'))).stdout.trim().split('\t')).toHaveLength(5);
  });
});
