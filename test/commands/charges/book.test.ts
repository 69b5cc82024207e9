import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { backToStep } from '../../helpers/steps.ts';
import { words } from '../../helpers/words.ts';

type Row = Record<string, string | number | string[] | null>;

describe.each(databases)('charges of a day on $name', ({ open }) => {
  let db: TestDatabase;
  let count = 0;
  let user: string;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db?.close());
  beforeEach(async () => {
    count++;
    user = await given.user(db, `c${count}`);
  });

  const run = (line: string) => db.json<Row>(...words(line));
  const list = (line: string) => db.json<Row[]>(...words(line));
  const capital = async () => (await run(`user show ${user}`))['total_capital'];
  const sound = async () => {
    const { code, stdout } = await db.cli('doctor', 'ledger', '--user', user);
    expect({ code, found: code === 0 ? '' : stdout }).toEqual({ code: 0, found: '' });
  };
  /** An order that is filled by `quantity@price` each, at times in UTC. */
  const trade = async (order: string, side: string, symbol: string, fills: string[], terms = '') => {
    const quantity = fills.reduce((sum, fill) => sum + Number(fill.split('@')[0]), 0);
    await run(
      `order place --user ${user} --order-id ${user}-${order} --symbol ${symbol} --side ${side} --quantity ${quantity} ${terms}`,
    );
    // No order is filled before it is placed.
    await db.query(`UPDATE orders SET created_at = '2020-01-01' WHERE order_id = '${user}-${order}'`);
    for (const [at, fill] of fills.entries()) {
      const [shares, price, time = '2026-04-01T05:00:00Z'] = fill.split('@');
      await run(
        `order fill ${user}-${order} --quantity ${shares} --price ${price} --broker-fill-id ${user}-${order}-${at} --at ${time} --yes`,
      );
    }
  };
  const show = (more = '') => list(`charges show --day 2026-04-01 --user ${user} ${more}`);
  const book = (more = '') => list(`charges book --day 2026-04-01 --user ${user} ${more}`);
  const flows = async () =>
    (await list(`user flows ${user}`))
      .map(({ kind, amount, reference }) => `${kind} ${amount} ${reference}`)
      .reverse();

  const roundTrip = async () => {
    await trade('a', 'BUY', 'RELIANCE', ['40@1400', '60@1400'], '--product MIS');
    await trade('b', 'SELL', 'RELIANCE', ['100@1412.50'], '--product MIS');
  };

  it('is what the contract note of the trader says', async () => {
    await roundTrip();
    expect(await show()).toEqual([
      {
        ...{ user_id: user, exchange: 'NSE', symbol: null, orders: 2, turnover: '281250.00' },
        ...{
          brokerage: '40.00',
          stt: '35.00',
          transaction: '8.35',
          sebi: '0.28',
          stamp: '4.00',
          ipft: '0.28',
        },
        ...{ gst: '8.75', dp: '0.00', charges_total: '96.66', booked: '0.00', reason: null },
      },
    ]);
  });

  it('is of the trading day in India, and by the product and exchange of each order', async () => {
    // From 18:30 UTC on it is the next day.
    await trade('a', 'BUY', 'INFY', ['10@1500@2026-03-31T18:29:59Z'], '--product CNC');
    await trade('b', 'BUY', 'INFY', ['10@1500@2026-03-31T18:30:00Z'], '--product CNC');
    await trade('c', 'BUY', 'INFY', ['10@1500@2026-04-01T18:29:59Z'], '--product CNC --exchange BSE');
    await trade('d', 'SELL', 'NIFTY28APR26FUT', ['75@24910.25'], '--product NRML --exchange NFO');
    const shown = (await show()).map((row) => `${row['exchange']} ${row['turnover']} ${row['stt']}`);
    expect(shown).toEqual(['BSE 15000.00 15.00', 'NFO 1868268.75 934.00', 'NSE 15000.00 15.00']);
  });

  it('is split by symbol to the paisa', async () => {
    await roundTrip();
    await trade('c', 'BUY', 'SBIN', ['7@811.15'], '--product CNC');
    const [[whole], parts] = [await show(), await show('--by symbol')];
    expect(parts.map(({ symbol, orders }) => `${symbol} ${orders}`)).toEqual(['RELIANCE 2', 'SBIN 1']);
    for (const levy of ['brokerage', 'stt', 'gst', 'stamp', 'charges_total']) {
      const sum = parts.reduce((total, row) => total + Math.round(Number(row[levy]) * 100), 0);
      expect(sum, levy).toBe(Math.round(Number(whole?.[levy]) * 100));
    }
  });

  it('is booked once, and proved by the ledger', async () => {
    await roundTrip();
    expect(await capital()).toBe('1001250.00');
    const first = {
      ...{ day: '2026-04-01', user_id: user, exchange: 'NSE', charges_total: '96.66', booked: '0.00' },
      reason: null,
    };
    const reference = 'charges:2026-04-01:NSE';
    const { stdout } = await db.cli(
      ...words(`charges book --day 2026-04-01 --user ${user} --dry-run --json`),
    );
    expect(JSON.parse(stdout)).toEqual([{ ...first, amount: '-96.66', references: [reference] }]);
    expect(await flows()).toEqual([]);
    expect(await book()).toEqual([{ ...first, amount: '-96.66', references: [reference] }]);
    expect(await book()).toEqual([{ ...first, booked: '96.66', amount: '0.00', references: [] }]);
    expect(await flows()).toEqual([`charge -96.66 ${reference}`]);
    expect(await capital()).toBe('1001153.34');
    expect((await show())[0]?.['booked']).toBe('96.66');
    const told = (await db.audits('charges book')).filter(({ target }) => target === 'charges 2026-04-01');
    expect(told.filter(({ body }) => JSON.stringify(body).includes(`"${user}"`))).toHaveLength(1);
    await sound();
  });

  it('books the difference after a later fill, and less where less is due', async () => {
    await trade('a', 'BUY', 'TCS', ['100@3400'], '--product CNC');
    await book();
    const [before] = await flows();
    // Now 60 of them are squared off: tax and stamp duty of those fall by more than the second order costs.
    await trade('b', 'SELL', 'TCS', ['60@3400'], '--product CNC');
    const [row] = await book();
    expect(row).toMatchObject({ references: [expect.stringMatching(/^flo_/), 'charges:2026-04-01:NSE:2'] });
    const [, countered, anew] = await flows();
    expect(`${countered}`.split(' ')[1]).toBe(`${before}`.split(' ')[1]?.slice(1));
    expect(anew).toBe(`charge -${row?.['charges_total']} charges:2026-04-01:NSE:2`);
    // One more order costs more.
    await trade('c', 'BUY', 'INFY', ['10@1500'], '--product CNC');
    const [more] = await book();
    expect(more).toMatchObject({ booked: row?.['charges_total'], references: ['charges:2026-04-01:NSE:3'] });
    expect(await book()).toMatchObject([{ amount: '0.00', references: [] }]);
    await sound();
  });

  it('books all traders of a day in one transaction', async () => {
    await roundTrip();
    const [one, other] = [user, await given.user(db, `c${count}x`)];
    user = other;
    await trade('a', 'BUY', 'SBIN', ['10@800@2026-05-04T05:00:00Z'], '--product CNC');
    user = one;
    await trade('z', 'BUY', 'SBIN', ['10@800@2026-05-04T05:00:00Z'], '--product CNC');
    const rows = await list('charges book --day 2026-05-04');
    expect(rows.map(({ user_id }) => user_id)).toEqual([one, other]);
    expect(await db.audits('charges book')).toContainEqual(
      expect.objectContaining({ target: 'charges 2026-05-04', body: expect.objectContaining({ flows: 2 }) }),
    );
  });

  it('is taken from P&L by --net where it is known, and refused where it is not', async () => {
    await roundTrip();
    const pnl = (more: string) => list(`position pnl --user ${user} --net ${more}`);
    const open = { fills: 3, realized_pnl: '1250.00' };
    expect(await pnl('--by day')).toMatchObject([
      { ...open, key: '2026-04-01', charges: null, net_pnl: null },
    ]);
    await book();
    await trade('c', 'BUY', 'SBIN', ['10@800@2026-04-02T05:00:00Z'], '--product CNC');
    const net = { ...open, charges: '-96.66', net_pnl: '1153.34' };
    expect(await pnl('--by day')).toMatchObject([
      { ...net, key: '2026-04-01' },
      { key: '2026-04-02', charges: null, net_pnl: null },
    ]);
    expect(await pnl('--by month')).toMatchObject([{ ...net, fills: 4, key: '2026-04' }]);
    expect(await pnl('--by user')).toMatchObject([{ ...net, fills: 4, key: user }]);
    expect(await pnl('--by day --since 2026-04-02')).toMatchObject([{ key: '2026-04-02', charges: null }]);
    expect(Object.keys((await list(`position pnl --user ${user}`))[0] ?? {})).not.toContain('charges');
    for (const by of ['symbol', 'strategy'])
      await db.refused(`position pnl --net --by ${by}`, {
        code: 2,
        stderr: /booked by user, day and exchange/,
      });
    await db.refused('position pnl --net --since 2026-04-01T12:00', { code: 2, stderr: /whole days/ });
  });

  it('is taken from P&L by the trading day of the database, whatever time zone is configured', async () => {
    // 18:30 UTC is midnight in India, and still the day before in London and New York.
    await trade('a', 'BUY', 'RELIANCE', ['100@1400@2026-03-31T18:30:00Z'], '--product MIS');
    await trade('b', 'SELL', 'RELIANCE', ['100@1412.50@2026-04-01T05:00:00Z'], '--product MIS');
    await book();
    const pnl = async (flags: string) => {
      const argv = words(`position pnl --user ${user} --net --json ${flags}`);
      const { stdout } = await db.cliWith({ env: { PINNACLE_TIME_ZONE: 'America/New_York' } }, ...argv);
      return JSON.parse(stdout);
    };
    const row = { fills: 2, realized_pnl: '1250.00', charges: expect.stringMatching(/^-/) };
    expect(await pnl('--by day')).toMatchObject([{ ...row, key: '2026-04-01' }]);
    expect(await pnl('--by month')).toMatchObject([{ ...row, key: '2026-04' }]);
    expect(await pnl('--by day --since 2026-04-01 --until 2026-04-02')).toMatchObject([row]);
    expect(await pnl('--by day --until 2026-04-01')).toEqual([]);
  });

  const found = async (line: string) => {
    const { code, stdout, stderr } = await db.cli(...words(`${line} --json`));
    expect(code, stderr).toBe(6);
    return JSON.parse(stdout) as Row[];
  };

  it('books the others where an order of one has no rate, and names that one', async () => {
    const [one, other] = [user, await given.user(db, `c${count}x`)];
    const day = '2026-05-05';
    await trade('a', 'BUY', 'SBIN', [`10@800@${day}T05:00:00Z`], '--product CNC');
    await list(`charges book --day ${day} --user ${one}`);
    const booked = await flows();
    // A share where derivatives are traded, and a future of currencies, of which the schedule has nothing.
    await trade('b', 'BUY', 'SBIN', [`10@800@${day}T05:00:00Z`], '--product MIS --exchange NFO');
    user = other;
    await trade('a', 'BUY', 'SBIN', [`10@800@${day}T05:00:00Z`], '--product CNC');
    const third = await given.user(db, `c${count}y`);
    user = third;
    await trade('a', 'BUY', 'USDINR26MAYFUT', [`10@95@${day}T05:00:00Z`], '--product NRML --exchange CDS');
    const shown = await found(`charges show --day ${day}`);
    expect(shown.map((row) => `${row['user_id']} ${row['charges_total']} ${row['reason']}`)).toEqual([
      `${other} 18.75 null`,
      `${one} null SBIN of order ${one}-b is no future or option, which is what NFO trades.`,
      expect.stringContaining(`${third} null The schedule of charges angelone has no rate`),
    ]);
    const rows = await found(`charges book --day ${day}`);
    expect(rows.map((row) => `${row['user_id']} ${row['amount']}`)).toEqual([
      `${other} -18.75`,
      `${one} 0.00`,
      `${third} 0.00`,
    ]);
    expect(rows.map(({ reason }) => reason)).toEqual(shown.map(({ reason }) => reason));
    // What was booked before is not taken back, because of what is not known.
    user = one;
    expect(await flows()).toEqual(booked);
  });

  it('books the days that were missed, each once', async () => {
    const days = ['2026-06-01', '2026-06-02', '2026-06-05'];
    for (const [at, day] of days.entries())
      await trade(`m${at}`, 'BUY', 'SBIN', [`10@800@${day}T05:00:00Z`], '--product CNC');
    await list(`charges book --day ${days[1]} --user ${user}`);
    const since = `charges book --since 2026-06-01 --user ${user}`;
    const booked = await list(`${since} --until 2026-06-30`);
    expect(booked.map(({ day, amount }) => `${day} ${amount}`)).toEqual([
      '2026-06-01 -18.75',
      '2026-06-05 -18.75',
    ]);
    const told = (await db.audits('charges book')).filter(({ body }) =>
      JSON.stringify(body).includes(`"${user}"`),
    );
    expect(told.map(({ target }) => target)).toEqual(
      ['2026-06-02', '2026-06-01', '2026-06-05'].map((day) => `charges ${day}`),
    );
    expect(await list(since)).toEqual([]);
    await sound();
    // One of which the schedule knows nothing does not keep the others from being booked.
    await trade('old', 'BUY', 'SBIN', ['10@800@2020-06-02T05:00:00Z'], '--product CNC');
    await trade('new', 'BUY', 'SBIN', ['10@800@2026-06-08T05:00:00Z'], '--product CNC');
    expect(await found(`charges book --since 2020-01-01 --user ${user}`)).toMatchObject([
      { day: '2020-06-02', user_id: null, reason: expect.stringContaining('no conventions on 2020-06-02') },
      { day: '2026-06-08', user_id: user, amount: '-18.75' },
    ]);
    for (const flags of ['--day 2026-06-01 --since 2026-06-01', '--until 2026-06-01'])
      await db.refused(`charges book ${flags}`, { code: 2, error: 'USAGE' });
  });

  it('refuses a day to come, an unknown trader, a gap of the schedule and an older schema', async () => {
    await db.refused('charges book --day 2099-01-01', { code: 2, error: 'USAGE', stderr: /still to come/ });
    for (const flags of ['--since 2099-01-01', '--since 2026-04-01 --until 2099-01-01'])
      await db.refused(`charges book ${flags}`, { code: 2, error: 'USAGE', stderr: /still to come/ });
    await db.refused('charges book --user nobody', { code: 3, error: 'USER_NOT_FOUND' });
    await trade('a', 'BUY', 'SBIN', ['10@800@2020-12-31T05:00:00Z'], '--product CNC');
    await db.refused(`charges book --day 2020-12-31 --user ${user}`, { code: 5, error: 'NO_RATE' });
    expect(await list('charges book --day 2020-06-01')).toEqual([]);
    await backToStep(db, 10);
    await db.refused('charges book', { code: 5, error: 'PHASE_NEEDED' });
  });
});
