import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { shell, start } from '../helpers/process.ts';
import { words } from '../helpers/words.ts';

// `npm run test:races` has 500.
const ROUNDS = Number(process.env['PINNACLE_RACE_ROUNDS'] ?? 5);
const PLACERS =
  ROUNDS >= 100 ? { processes: 16, orders: 20, limit: 100 } : { processes: 8, orders: 4, limit: 20 };
const LONG = 3_600_000;

describe.each(servers)('real processes racing on $name', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(async () => {
    const { code, stdout } = await db.cli('doctor', 'ledger');
    expect({ code, stdout: code === 0 ? '' : stdout }).toEqual({ code: 0, stdout: '' });
    await db.close();
  });

  const run = (line: string) => db.json<Record<string, unknown>>(...words(line));
  const place = (user: string, id: string, more = '--symbol TCS --side BUY --quantity 10') =>
    run(`order place --order-id ${id} --user ${user} ${more}`);
  const both = (...lines: string[]) => Promise.all(lines.map((line) => start(db.env, ...words(line)).ended));

  it(
    `two whole fills of one order, ${ROUNDS} times: one is booked, the other told FILLED`,
    async () => {
      await given.user(db, 'fills');
      for (let round = 0; round < ROUNDS; round++) {
        const id = `fills-${round}`;
        await place('fills', id);
        const results = await both(
          `order fill ${id} --quantity 10 --price 100 --broker-fill-id A`,
          `order fill ${id} --quantity 10 --price 100 --broker-fill-id B`,
        );
        const [won, lost] = results.sort((a, b) => Number(a.code) - Number(b.code));
        expect({ round, won: won?.code, lost: lost?.code, told: lost?.stderr }).toEqual({
          round,
          won: 0,
          lost: 5,
          told: expect.stringContaining(`Order ${id} is FILLED`),
        });
        expect(await run(`order show ${id}`)).toMatchObject({ status: 'FILLED', filled_quantity: 10 });
      }
      const { rows } = await db.query(
        "SELECT sum(quantity)::int AS held FROM positions WHERE user_id = 'fills' AND status = 'OPEN'",
      );
      expect(rows).toEqual([{ held: 10 * ROUNDS }]);
    },
    LONG,
  );

  it(
    `a cancel against a fill, ${ROUNDS} times: the fill is never lost, and who came second is told`,
    async () => {
      await given.user(db, 'cancels');
      for (let round = 0; round < ROUNDS; round++) {
        const id = `cancels-${round}`;
        await place('cancels', id);
        const [cancel, fill] = await both(
          `order cancel ${id}`,
          `order fill ${id} --quantity 10 --price 100 --broker-fill-id A`,
        );
        expect({ round, fill: fill?.code, stderr: fill?.code === 0 ? '' : fill?.stderr }).toEqual({
          round,
          fill: 0,
          stderr: '',
        });
        expect(await run(`order show ${id}`)).toMatchObject({ status: 'FILLED', filled_quantity: 10 });
        const { rows } = await db.query(
          "SELECT alert_level FROM notifications WHERE data ->> 'order_id' = $1",
          [id],
        );
        // The fill came first, and the cancel is refused; or it came late, and the trader is warned.
        if (cancel?.code === 5) expect(cancel.stderr).toContain(`Order ${id} is FILLED; a cancel needs`);
        expect({ round, cancel: cancel?.code, rows }).toEqual(
          cancel?.code === 5
            ? { round, cancel: 5, rows: [{ alert_level: 'INFO' }] }
            : { round, cancel: 0, rows: [{ alert_level: 'WARNING' }] },
        );
      }
    },
    LONG,
  );

  it(
    `a cancel against a rejection, ${ROUNDS} times: one wins, the other is told the state`,
    async () => {
      await given.user(db, 'rejects');
      for (let round = 0; round < ROUNDS; round++) {
        const id = `rejects-${round}`;
        await place('rejects', id);
        const results = await both(`order cancel ${id}`, `order reject ${id} --reason no`);
        expect({ round, codes: results.map(({ code }) => code).sort() }).toEqual({ round, codes: [0, 5] });
        const { status } = await run(`order show ${id}`);
        expect(results.find(({ code }) => code === 5)?.stderr).toContain(`Order ${id} is ${status}`);
      }
    },
    LONG,
  );

  it(
    'two first fills of a symbol make one position of both',
    async () => {
      await given.user(db, 'firsts');
      for (let round = 0; round < ROUNDS; round++) {
        const symbol = `FIRST${round}`;
        for (const id of ['a', 'b'])
          await place('firsts', `${symbol}-${id}`, `--symbol ${symbol} --side BUY --quantity 5`);
        const results = await both(
          `order fill ${symbol}-a --quantity 5 --price 100`,
          `order fill ${symbol}-b --quantity 5 --price 110`,
        );
        expect(results.map(({ code }) => code)).toEqual([0, 0]);
        const held = await db.json<unknown[]>(...words(`position list --user firsts --symbol ${symbol}`));
        expect(held).toMatchObject([{ quantity: 10, average_price: 105 }]);
      }
    },
    LONG,
  );

  const placeMany = (user: string, times: number) =>
    shell(
      db.env,
      `for i in $(seq ${times}); do $PINNACLE order place --user ${user} --symbol TCS --side BUY --quantity 1 --price 1 >/dev/null 2>&1; echo $?; done`,
    );
  const codesOf = (ended: readonly { stdout: string }[]) =>
    ended.flatMap(({ stdout }) => stdout.trim().split('\n'));

  it(
    `${PLACERS.processes} placers under a limit of ${PLACERS.limit} a day: exactly that many are placed`,
    async () => {
      await given.user(db, 'limited');
      await run(`risk set limited MAX_ORDERS_PER_DAY ${PLACERS.limit}`);
      const ended = await Promise.all(
        Array.from({ length: PLACERS.processes }, () => placeMany('limited', PLACERS.orders)),
      );
      const codes = codesOf(ended);
      expect(codes.filter((code) => code === '0')).toHaveLength(PLACERS.limit);
      expect(codes.filter((code) => code === '5')).toHaveLength(
        PLACERS.processes * PLACERS.orders - PLACERS.limit,
      );
      const { rows } = await db.query("SELECT count(*)::int AS n FROM orders WHERE user_id = 'limited'");
      expect(rows).toEqual([{ n: PLACERS.limit }]);
    },
    LONG,
  );

  it(
    'the kill switch thrown while orders are placed leaves none that works',
    async () => {
      const users = ['k1', 'k2', 'k3'];
      await given.strategy(db, 'rsi');
      for (const user of users) {
        await given.user(db, user);
        await run(`strategy activate rsi --user ${user}`);
      }
      const placing = users.map((user) => placeMany(user, 12));
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      const halt = await start(db.env, ...words('risk halt --all --reason fire --yes')).ended;
      expect(halt).toMatchObject({ code: 0 });
      const codes = codesOf(await Promise.all(placing));
      expect(new Set(codes)).toEqual(new Set(['0', '5']));
      const { rows } = await db.query(
        `SELECT (SELECT count(*)::int FROM orders WHERE status IN ('PENDING', 'PLACED', 'PARTIALLY_FILLED')) AS working,
        (SELECT count(*)::int FROM orders WHERE user_id LIKE 'k_' AND status = 'CANCELLED') AS cancelled,
        (SELECT count(*)::int FROM user_strategies WHERE status = 'ACTIVE') AS active`,
      );
      expect(rows).toEqual([
        { working: 0, cancelled: codes.filter((code) => code === '0').length, active: 0 },
      ]);
    },
    LONG,
  );
});
