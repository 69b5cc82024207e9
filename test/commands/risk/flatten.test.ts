import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { startRedis, type TestRedis } from '../../helpers/redis.ts';
import { words } from '../../helpers/words.ts';

type Row = Record<string, unknown>;

const rowsOf = ({ stdout }: { stdout: string }) => JSON.parse(stdout) as Row[];
const resume = (db: TestDatabase, user: string) =>
  db.json(...words(`risk resume ${user} --reason over --confirm ${user}`));

/** A long position, an order that would enter again, one that would reduce, and a strategy that runs. */
async function book(db: TestDatabase, user: string) {
  await given.user(db, user);
  await db.json(...words(`strategy activate s --user ${user}`));
  await given.position(db, { user, price: 100 });
  const limit = { user, type: 'LIMIT', quantity: 4 } as const;
  const entry = await given.order(db, { ...limit, price: 90 });
  const exit = await given.order(db, { ...limit, side: 'SELL', price: 130 });
  return { entry, exit };
}
const statusOf = async (db: TestDatabase, id: string) => (await db.json('order', 'show', id))['status'];

describe.each(databases)('flatten with a broker on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.strategy(db, 's');
  });
  afterAll(() => db.close());

  it('halts, cancels, pauses and closes after one confirmation that names all of it, and does nothing twice', async () => {
    const { entry, exit } = await book(db, 'u1');
    const asked = await db.refused('risk flatten u1 --reason rogue', { code: 4 });
    expect(JSON.stringify(asked)).toContain('--confirm u1');
    const line = 'risk flatten u1 --reason rogue --json --confirm u1';
    const planned = await db.cli(...words(`${line} --dry-run`));
    expect(planned.stderr).toMatch(
      /Halting trading for u1 cancels 2 working orders and pauses 1 strategy\. Close 1 open position of u1/,
    );
    expect(planned.stderr).toContain('Trading would be halted for u1: 2 orders cancelled');
    expect(await statusOf(db, entry)).toBe('PENDING');
    const done = await db.cli(...words(line));
    const [closed, ...more] = rowsOf(done);
    expect({ code: done.code, closed, more }).toMatchObject({
      code: 0,
      closed: { symbol: 'TCS', closing_status: 'PENDING', problem: null },
      more: [],
    });
    const withoutId = ({ stdout }: { stdout: string }) => stdout.replace(/ord_[^"]*/g, '');
    expect(withoutId(planned)).toBe(withoutId(done));
    expect(done.stderr).toContain('Trading is halted for u1: 2 orders cancelled, 1 strategy paused.');
    for (const id of [entry, exit]) expect(await statusOf(db, id)).toBe('CANCELLED');
    expect(await db.json('risk', 'status', 'u1')).toMatchObject([{ halted: true, reason: 'rogue' }]);
    await db.refused('order place --user u1 --symbol TCS --side BUY --quantity 1', {
      code: 5,
      error: 'TRADING_HALTED',
    });
    const before = await db.audits();
    const again = await db.cli(...words(line));
    expect({ code: again.code, rows: rowsOf(again) }).toMatchObject({
      code: 0,
      rows: [{ closing_order_id: closed?.['closing_order_id'], closing_status: 'PENDING' }],
    });
    expect(await db.audits()).toEqual(before);
    await resume(db, 'u1');
    expect(await db.json(...words('strategy resume --all --halt rogue'))).toMatchObject([
      { user_id: 'u1', strategy_id: 's', status: 'ACTIVE' },
    ]);
  });

  it('closes positions alone where that is asked for, and names what may open them again', async () => {
    const { entry } = await book(db, 'u2');
    const { code, stderr } = await db.cli(...words('risk flatten u2 --positions-only --confirm u2'));
    expect({ code, stderr }).toEqual({
      code: 6,
      stderr: expect.stringMatching(/is not halted[\s\S]*2 orders work still, and may open positions again/),
    });
    expect(await statusOf(db, entry)).toBe('PENDING');
    expect(await db.json('risk', 'status', 'u2')).toEqual([]);
  });
});

describe.each(servers)('flatten without a broker on $name', ({ open }) => {
  let db: TestDatabase;
  let redis: TestRedis;
  beforeAll(async () => {
    [db, redis] = await Promise.all([open(), startRedis()]);
    db.env['REDIS_URL'] = redis.url;
    db.env['PINNACLE_GUARD_PRICE_MOVE'] = '20';
    delete db.env['PINNACLE_BROKER'];
    await given.strategy(db, 's');
  });
  afterAll(() => Promise.all([db.close(), redis.stop()]));

  it('books the fills at the prices that are given, past the exits that it cancelled', async () => {
    const { exit } = await book(db, 'u1');
    const done = await db.cli(...words('risk flatten u1 --at TCS=110 --json --confirm u1'));
    expect({ code: done.code, rows: rowsOf(done) }).toMatchObject({
      code: 0,
      rows: [{ status: 'CLOSED', closing_status: 'FILLED', credited: '100.00' }],
    });
    expect(await statusOf(db, exit)).toBe('CANCELLED');
    expect((await db.cli('doctor', 'ledger')).code).toBe(0);
  });

  it('refuses to send where no broker is configured, before anything is done', async () => {
    await book(db, 'u9');
    await given.position(db, { user: 'u9', symbol: 'INFY', price: 10 });
    for (const line of [
      'risk flatten u9 --send --confirm u9',
      'risk flatten u9 --send --positions-only --confirm u9',
    ])
      await db.refused(line, { code: 78, error: 'NO_BROKER' });
    expect(await db.json('risk', 'status', 'u9')).toEqual([]);
  });

  it('books no fresh quote that is probably wrong, and says how it is booked deliberately', async () => {
    await given.user(db, 'u2');
    const symbols = ['AAA', 'BBB', 'CCC', 'DDD', 'EEE'];
    for (const symbol of symbols) await given.position(db, { user: 'u2', symbol, price: 100 });
    for (const line of [
      'market set AAA --ltp 121',
      'market set BBB --ltp 110 --low 80 --high 109',
      'market set CCC --ltp 90 --low 91 --high 120',
      'market set DDD --ltp 110 --close 90',
      'market set EEE --ltp 119 --low 80 --high 119 --close 105',
    ])
      await db.json(...words(line));
    const done = await db.cli(...words('position close --all --user u2 --from-cache --json --yes'));
    const rows = rowsOf(done).sort((a, b) => String(a['symbol']).localeCompare(String(b['symbol'])));
    const found = rows.map((row) => [row['closing_status'], row['problem']]);
    expect({ code: done.code, found }).toEqual({
      code: 6,
      found: [
        [null, expect.stringContaining('121 is 21.0 % above the last price, 100')],
        [null, expect.stringContaining('110 is above the highest price of its day, 109')],
        [null, expect.stringContaining('90 is below the lowest price of its day, 91')],
        [null, expect.stringContaining('110 is 22.2 % above the close of the day before, 90')],
        ['FILLED', null],
      ],
    });
    const [, command = ''] =
      /run pinnacle (position close \S+ --price) PRICE$/.exec(String(rows[0]?.['problem'])) ?? [];
    await db.json(...words(`${command} 121 --yes`));
    const atHand = await db.cli(
      ...words('position close --all --user u2 --from-cache --at BBB=110,CCC=90,DDD=110 --json --yes'),
    );
    expect({ code: atHand.code, closed: rowsOf(atHand).length }).toEqual({ code: 0, closed: 3 });
  });

  it('books nothing of a trader whose fills come from a broker that is not configured here', async () => {
    await given.user(db, 'u3');
    const position = await given.position(db, { user: 'u3', price: 100 });
    await db.query("INSERT INTO broker_accounts (user_id, client_code) VALUES ('u3', 'A1')");
    const left = await db.cli(...words('risk flatten u3 --at TCS=101 --json --confirm u3'));
    expect({ code: left.code, rows: rowsOf(left) }).toMatchObject({
      code: 6,
      rows: [{ status: 'OPEN', closing_order_id: null, problem: expect.stringContaining('at a broker') }],
    });
    await db.json(...words(`position close ${position} --price 101`));
    expect((await db.cli('doctor', 'ledger')).code).toBe(0);
  });
});
