import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { startRedis, type TestRedis } from '../../helpers/redis.ts';
import { words } from '../../helpers/words.ts';

type Row = Record<string, unknown>;

const FIELDS = '--json user_id,symbol,status,closing_status,credited,problem';

const rowsOf = ({ stdout }: { stdout: string }) =>
  (JSON.parse(stdout) as Row[]).sort((a, b) =>
    `${a['user_id']} ${a['symbol']}`.localeCompare(`${b['user_id']} ${b['symbol']}`),
  );

/** Two users: one long and short, one long with a strategy. */
async function book(db: TestDatabase) {
  for (const user of ['u1', 'u2']) await given.user(db, user);
  await given.strategy(db, 's');
  await db.json(...words('strategy activate s --user u2'));
  await given.position(db, { user: 'u1', symbol: 'TCS', quantity: 10, price: 100 });
  await given.position(db, { user: 'u1', symbol: 'INFY', side: 'SELL', quantity: 5, price: 50 });
  await given.position(db, { user: 'u2', symbol: 'TCS', quantity: 3, price: 100, strategy: 's' });
}

describe.each(databases)('every position at once, with a broker, on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await book(db);
  });
  afterAll(() => db.close());

  it('is closed by orders that wait for the broker, not by fills that nobody made', async () => {
    const planned = await db.cli(...words(`position close --all --user u1 --at TCS=90 ${FIELDS} --dry-run`));
    expect(planned.stderr).toContain('nothing was changed');
    const { code, stdout, stderr } = await db.cli(
      ...words(`position close --all --user u1 --at TCS=90 ${FIELDS} --yes`),
    );
    expect({ code, rows: rowsOf({ stdout }) }).toEqual({
      code: 0,
      rows: [
        {
          user_id: 'u1',
          symbol: 'INFY',
          status: 'OPEN',
          closing_status: 'PENDING',
          credited: '0.00',
          problem: null,
        },
        {
          user_id: 'u1',
          symbol: 'TCS',
          status: 'OPEN',
          closing_status: 'PENDING',
          credited: '0.00',
          problem: null,
        },
      ],
    });
    expect(planned.stdout).toBe(stdout);
    expect(stderr).toContain('2 exit orders wait to be sent: pinnacle order send --user u1');
    const orders = await db.json<Row[]>(...words('order list --user u1 --status PENDING'));
    expect(orders.map(({ symbol, side, quantity }) => `${side} ${quantity} ${symbol}`).sort()).toEqual([
      'BUY 5 INFY',
      'SELL 10 TCS',
    ]);
    expect((await db.audits('position close')).at(-1)).toMatchObject({
      target: 'user u1',
      body: { positions: 2, filled: 0, left: 0 },
    });
  });

  it('is on its way once, whoever asks again', async () => {
    const before = await db.audits();
    const { code, stdout, stderr } = await db.cli(...words(`position close --all --user u1 ${FIELDS} --yes`));
    expect({ code, ways: rowsOf({ stdout }).map((row) => row['closing_status']) }).toEqual({
      code: 0,
      ways: ['PENDING', 'PENDING'],
    });
    expect(stderr).toContain('2 exit orders wait to be sent');
    expect(await db.audits()).toEqual(before);
  });

  it('goes to the broker with --send, of everyone, under a halt, and comes back as executions', async () => {
    await db.json(...words('risk halt --all --reason out --yes'));
    await db.refused('risk flatten --all', { code: 4 });
    await db.refused('risk flatten --all --confirm u1', { code: 2 });
    // An earlier run may have been interrupted between its orders and the broker, or did without it.
    await db.json(...words('risk flatten u2 --confirm u2'));
    const away = await db.cliWith(
      { env: { PINNACLE_BROKER: 'angelone' } },
      ...words(`risk flatten u2 --send ${FIELDS} --confirm u2`),
    );
    expect({ code: away.code, rows: rowsOf(away) }).toEqual({
      code: 6,
      rows: [
        expect.objectContaining({ closing_status: 'PENDING', problem: expect.stringContaining('skipped: ') }),
      ],
    });
    const { code, stdout, stderr } = await db.cli(
      ...words(`risk flatten --all --send ${FIELDS} --confirm all`),
    );
    expect({ code, rows: rowsOf({ stdout }) }).toMatchObject({
      code: 0,
      rows: [
        { user_id: 'u1', symbol: 'INFY', closing_status: 'PLACED', problem: null },
        { user_id: 'u1', symbol: 'TCS', closing_status: 'PLACED', problem: null },
        { user_id: 'u2', symbol: 'TCS', closing_status: 'PLACED', problem: null },
      ],
    });
    expect(stderr).toContain('Close 3 open positions of 2 users');
    expect(stderr).not.toContain('is not halted');
    await db.json(...words('position mark TCS=90 INFY=60'));
    expect((await db.cli(...words('broker paper run'))).code).toBe(0);
    await db.cli(...words('broker sync --all'));
    expect(await db.json(...words('position list'))).toEqual([]);
    const again = await db.cli(...words(`risk flatten --all --send ${FIELDS} --confirm all`));
    expect({ code: again.code, rows: JSON.parse(again.stdout) }).toEqual({ code: 0, rows: [] });
    expect((await db.cli('doctor', 'ledger')).code).toBe(0);
  });

  it('asks for what belongs together', async () => {
    for (const line of [
      'position close',
      'position close --all',
      'position close pos_1 --all --user u1',
      'position close pos_1 --user u1',
      'position close --all --user u1 --price 5',
      'position close --all --user u1 --at TCS',
      'risk flatten u1 --all',
    ])
      await db.refused(line, { code: 2 });
    await db.refused('position close --all --user nobody', { code: 3 });
    await db.refused('risk flatten nobody', { code: 3 });
  });
});

describe.each(servers)('every position at once, without a broker, on $name', ({ open }) => {
  let db: TestDatabase;
  let redis: TestRedis;
  beforeAll(async () => {
    [db, redis] = await Promise.all([open(), startRedis()]);
    await book(db);
    db.env['REDIS_URL'] = redis.url;
    delete db.env['PINNACLE_BROKER'];
  });
  afterAll(() => Promise.all([db.close(), redis.stop()]));

  it('is filled at a price that is given or a fresh quote; what has neither is named, and ends 6', async () => {
    await db.json(...words('market set INFY --ltp 40'));
    const { code, stdout } = await db.cli(
      ...words(`risk flatten --all --positions-only --from-cache ${FIELDS} --confirm all`),
    );
    expect({ code, rows: rowsOf({ stdout }) }).toEqual({
      code: 6,
      rows: [
        {
          user_id: 'u1',
          symbol: 'INFY',
          status: 'CLOSED',
          closing_status: 'FILLED',
          credited: '50.00',
          problem: null,
        },
        {
          user_id: 'u1',
          symbol: 'TCS',
          status: 'OPEN',
          closing_status: null,
          credited: '0.00',
          problem: expect.stringContaining('no price of TCS'),
        },
        expect.objectContaining({ user_id: 'u2', symbol: 'TCS', closing_status: null }),
      ],
    });
    const rest = await db.cli(
      ...words(`risk flatten u2 --positions-only --at TCS=110 ${FIELDS} --confirm u2`),
    );
    expect({ code: rest.code, rows: rowsOf(rest) }).toMatchObject({
      code: 0,
      rows: [{ user_id: 'u2', status: 'CLOSED', closing_status: 'FILLED', credited: '30.00' }],
    });
    expect((await db.cli('doctor', 'ledger')).code).toBe(0);
  });

  it('asks about a price far from the last one, and stops at what the rules of the user stop', async () => {
    await db.refused(
      'position close --all --user u1 --at TCS=1',
      { code: 4, stderr: 'TCS' },
      { env: { PINNACLE_GUARD_PRICE_MOVE: '20' } },
    );
    const lent = await given.order(db, {
      user: 'u1',
      symbol: 'TCS',
      side: 'SELL',
      type: 'LIMIT',
      quantity: 1,
      price: 500,
    });
    const held = await db.cli(...words(`position close --all --user u1 --at TCS=100 ${FIELDS} --yes`));
    expect({ code: held.code, rows: rowsOf(held) }).toMatchObject({
      code: 6,
      rows: [{ symbol: 'TCS', problem: expect.stringContaining(`pinnacle order cancel ${lent}`) }],
    });
    await db.json('order', 'cancel', lent);
    await db.json(...words('position close --all --user u1 --yes'));
    const waits = await db.cli(...words(`position close --all --user u1 --at TCS=100 ${FIELDS} --yes`));
    expect({ code: waits.code, rows: rowsOf(waits) }).toMatchObject({
      code: 6,
      rows: [
        { status: 'OPEN', closing_status: null, problem: expect.stringContaining('pinnacle order cancel') },
      ],
    });
    await db.json(...words('order cancel --user u1 --yes'));
    // As many as are allowed a day are placed: no limit keeps anybody in a position.
    await db.json(...words('risk set u1 MAX_ORDERS_PER_DAY 1'));
    await db.json(...words('user disable u1'));
    const done = await db.cli(...words(`position close --all --user u1 --at TCS=100 ${FIELDS} --yes`));
    expect({ code: done.code, rows: rowsOf(done) }).toMatchObject({ code: 0, rows: [{ status: 'CLOSED' }] });
    expect(await db.json(...words('position close --all --user u1 --yes'))).toEqual([]);
    await db.json(...words('risk remove u1 MAX_ORDERS_PER_DAY --yes'));
  });

  it('is filled at the quote of the moment of the answer, not at that of the question', async () => {
    await given.position(db, { user: 'u2', symbol: 'SBIN', quantity: 10, price: 100 });
    await db.json(...words('market set SBIN --ltp 90'));
    const { code } = await db.cliWith(
      {
        tty: true,
        answer: {
          to: 'Close 1 open position',
          keys: 'y\n',
          meanwhile: () => db.json(...words('market set SBIN --ltp 80')),
        },
      },
      ...words('position close --all --user u2 --from-cache'),
    );
    const { rows } = await db.query(
      "SELECT f.price FROM order_fills f JOIN orders USING (order_id) WHERE symbol = 'SBIN' AND side = 'SELL'",
    );
    expect({ code, rows }).toEqual({ code: 0, rows: [{ price: 80 }] });
  });

  it('is closed once, however many ask at once', async () => {
    await db.json(...words('user enable u1'));
    await given.position(db, { user: 'u1', symbol: 'WIPRO', quantity: 10, price: 100 });
    const ended = await Promise.all(
      Array.from({ length: 6 }, () => db.cli(...words('risk flatten u1 --at WIPRO=101 --json --confirm u1'))),
    );
    expect(ended.map(({ code }) => code)).toEqual(Array(6).fill(0));
    const { rows } = await db.query(
      "SELECT sum(CASE side WHEN 'BUY' THEN f.quantity ELSE -f.quantity END)::int AS net FROM order_fills f JOIN orders USING (order_id) WHERE symbol = 'WIPRO'",
    );
    expect(rows).toEqual([{ net: 0 }]);
    expect((await db.cli('doctor', 'ledger')).code).toBe(0);
  });
});
