import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

type Row = Record<string, string | null>;

// What the broker bills for 100 RELIANCE bought at 1400 and sold at 1412.50 on 1 April 2026.
const NOTE = `date,levy,amount
2026-04-01,BROKERAGE,₹40.00
2026-04-01,Securities Transaction Tax,35
2026-04-01,Exchange Transaction Charges,8.35
2026-04-01,SEBI turnover fees,0.28
2026-04-01,Stamp Duty,4.00
2026-04-01,IPFT,0.28
2026-04-01,CGST,4.38
2026-04-01,SGST,4.38
`;

describe.each(databases)('a contract note on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    for (const user of ['t1', 't2']) {
      await given.user(db, user);
      for (const [side, price] of Object.entries({ BUY: 1400, SELL: 1412.5 })) {
        const order = await given.order(db, {
          user,
          side,
          symbol: 'RELIANCE',
          quantity: 100,
          product: 'MIS',
        });
        await db.query(`UPDATE orders SET created_at = '2020-01-01' WHERE order_id = '${order}'`);
        await given.fill(db, order, { quantity: 100, price, at: '2026-04-01T05:00:00Z' });
      }
    }
  });
  afterAll(() => db?.close());

  const compare = async (note: string, flags = '--user t1') => {
    const { code, stdout, stderr } = await db.cliWith(
      { stdin: note },
      ...words(`charges compare - ${flags} --json`),
    );
    return { code, stderr, rows: code === 2 ? [] : (JSON.parse(stdout) as Row[]) };
  };
  const shown = (rows: Row[]) =>
    rows.map(({ levy, computed, billed, excess }) => `${levy} ${computed} ${billed} ${excess}`);

  it('is laid beside what is computed and booked, levy by levy, in the spelling of brokers', async () => {
    const { code, rows } = await compare(NOTE);
    expect(shown(rows)).toEqual([
      'brokerage 40.00 40.00 0.00',
      'stt 35.00 35.00 0.00',
      'transaction 8.35 8.35 0.00',
      'sebi 0.28 0.28 0.00',
      'stamp 4.00 4.00 0.00',
      'ipft 0.28 0.28 0.00',
      'gst 8.75 8.76 0.01',
      'total 96.66 96.67 0.01',
    ]);
    expect(code).toBe(0);
    expect(rows.at(-1)).toMatchObject({ booked: '0.00', reason: null });
    await db.json(...words('charges book --day 2026-04-01 --user t1'));
    expect((await compare(NOTE)).rows.at(-1)).toMatchObject({ booked: '96.66' });
  });

  it('ends 6 above the tolerance, where a levy is on one side alone, and on a day without trades', async () => {
    expect((await compare(NOTE, '--user t1 --tolerance 0')).code).toBe(6);
    const stt = await compare(NOTE.replace('Tax,35', 'Tax,36.01'));
    expect(stt.code).toBe(6);
    expect(shown(stt.rows)[1]).toBe('stt 35.00 36.01 1.01');
    expect((await compare(NOTE.replace('Tax,35', 'Tax,36.00'))).code).toBe(0);
    const { code, rows } = await compare(NOTE.replace(/.*Stamp.*\n/, ''));
    expect(code).toBe(6);
    expect(rows.find(({ levy }) => levy === 'stamp')).toMatchObject({
      billed: null,
      excess: null,
      reason: 'the note does not have it',
    });
    const other = await compare('date,levy,amount\n2026-04-02,stt,1\n');
    expect(other.code).toBe(6);
    expect(other.rows[0]).toMatchObject({ computed: null, reason: 'nothing was executed on that day' });
  });

  it('may be of several users, days and exchanges', async () => {
    const { code, rows } = await compare(
      'user,date,exchange,levy,amount\nt1,2026-04-01,NSE,stt,35\nt2,2026-04-01,nse,stt,35\nt2,2026-04-01,BSE,stt,1\n',
      '',
    );
    expect(code).toBe(6);
    const stts = rows.filter(({ levy }) => levy === 'stt');
    expect(stts.map((row) => `${row['user_id']} ${row['exchange']} ${row['excess']}`)).toEqual([
      't1 NSE 0.00',
      't2 BSE null',
      't2 NSE 0.00',
    ]);
  });

  it.each([
    ['stt,35', '-', 'line 3: STT of that day is on line 2 already, as SECURITIES TRANSACTION TAX'],
    ['S.T.T.,35', '-', 'already, as SECURITIES TRANSACTION TAX'],
    ['CGST,4.38\nGST,8.75', '-', 'line 4: GST of that day is on line 3 already, in parts'],
    ['gst,8.75\nSGST,4.38', '-', 'line 4: GST of that day is on line 3 already, in one amount'],
    ['CGST,4.38\ncgst,4.38', '-', 'line 4: CGST of that day is on line 3 already'],
    ['stamp,4', 'NSE', 'line 3: it is of all exchanges, and line 2 of one of them on that day'],
  ])('does not add up what is there twice: %s', async (rows, exchange, message) => {
    const [first, ...more] = ['Securities Transaction Tax,35', ...rows.split('\n')];
    const at = exchange === '-' ? '' : exchange;
    const lines = [`${at},${first}`, ...more.map((row) => `,${row}`)].map((row) => `2026-04-01,${row}`);
    const { code, stderr } = await compare(`date,exchange,levy,amount\n${lines.join('\n')}\n`);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(message) });
  });

  it('is refused with every line that is wrong named, and compares nothing', async () => {
    const { code, stderr } = await compare(
      `${NOTE}2026-04-01,brokerage,1\n01/04/2026,stt,1\n2026-04-01,cess,1\n2026-04-01,dp,-1\n`,
    );
    expect(code).toBe(2);
    for (const part of [
      'line 10: BROKERAGE of that day is on line 2 already',
      'line 11: date must be a day such as 2026-01-31',
      'line 12: levy must be one of brokerage, stt',
      'line 13: amount must be rupees',
    ])
      expect(stderr).toContain(part);
    for (const [note, flags, message] of [
      ['', '--user t1', 'is empty'],
      ['date,levy,amount\n', '--user t1', 'has no rows'],
      [NOTE, '', 'line 2: there is no user'],
      ['date,amount\n2026-04-01,1\n', '--user t1', 'levy'],
    ] as const) {
      const refused = await compare(note, flags);
      expect({ code: refused.code, stderr: refused.stderr }).toEqual({
        code: 2,
        stderr: expect.stringContaining(message),
      });
    }
    const unknown = await db.cliWith({ stdin: NOTE }, ...words('charges compare - --user nobody'));
    expect(unknown.code).toBe(3);
  });
});
