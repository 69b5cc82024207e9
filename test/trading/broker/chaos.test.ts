import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { start } from '../../helpers/process.ts';
import { giveRing } from '../../helpers/ring.ts';
import { expectAgreement } from '../../helpers/stand-in/agree.ts';
import { chanceFrom } from '../../helpers/stand-in/control.ts';
import { type StandIn, startStandIn } from '../../helpers/stand-in/server.ts';
import {
  giveBroker,
  giveClient,
  giveInstrument,
  giveLimits,
  giveSession,
} from '../../helpers/stand-in/trader.ts';
import { FATES, MISBEHAVIOURS } from '../../helpers/stand-in/types.ts';
import { words } from '../../helpers/words.ts';

// `npm run test:broker` has 1,000 orders and 200 kills.
const ORDERS = Number(process.env['PINNACLE_BROKER_ORDERS'] ?? 24);
const KILLS = Number(process.env['PINNACLE_BROKER_KILLS'] ?? 4);
const SEED = Number(process.env['PINNACLE_BROKER_SEED'] ?? Date.now() % 1_000_000);
const TRADERS = Math.min(20, Math.ceil(ORDERS / 8));
const AT_ONCE = 3;
const LONG = 3_600_000;

const SYMBOLS = ['INFY', 'SBIN', 'TCS', 'ITC'];
/** What else the vendor does differently at times. */
const QUIRKS = ['idsAsNumbers', 'statusAsText', 'marketAsLimit', 'gatewayEnvelope', 'echoSecrets'] as const;
/** Found nothing, differences, no answer, outcome unknown, busy: none of them is a defect. */
const EXITS = new Set([0, 5, 6, 7, 9, 10]);

describe.each(servers)(`a broker that misbehaves on $name, seed ${SEED}`, ({ open }) => {
  let db: TestDatabase;
  let standIn: StandIn;
  const chance = chanceFrom(SEED);
  const oneOf = <T>(items: readonly T[]) => items[Math.floor(chance() * items.length)] as T;
  const users = Array.from({ length: TRADERS }, (_, i) => `trader_${String(i + 1).padStart(3, '0')}`);
  let placed = 0;

  beforeAll(async () => {
    db = await open();
    await giveRing(db);
    standIn = await startStandIn({ seed: SEED, hangMs: 3_000, otherwise: 'rest', totpWindow: 1 });
    giveBroker(db, standIn);
    giveLimits(db, '1000/s');
    db.env['PINNACLE_BROKER_TIMEOUT'] = '1s';
    for (const [i, symbol] of SYMBOLS.entries()) await giveInstrument(db, symbol, String(1_000 + i));
    for (const user of users) {
      await given.user(db, user);
      await giveSession(db, standIn, user, await giveClient(db, standIn, user));
    }
  }, LONG);
  afterAll(async () => {
    await standIn.stop();
    await db.close();
  });

  /** Orders that wait to be sent. A trader has a symbol on one side, as averages of a day are compared. */
  const givePending = async (many: number, owners: readonly string[]) => {
    const rows = Array.from({ length: many }, () => {
      const symbol = oneOf(SYMBOLS);
      const isMarket = chance() < 0.2;
      return {
        order_id: `ord_${String(++placed).padStart(6, '0')}`,
        user_id: oneOf(owners),
        symbol,
        side: SYMBOLS.indexOf(symbol) % 2 === 0 ? 'BUY' : 'SELL',
        order_type: isMarket ? 'MARKET' : 'LIMIT',
        quantity: 1 + Math.floor(chance() * 20),
        price: 90 + Math.floor(chance() * 200) / 10,
      };
    });
    await db.query(
      `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price)
       SELECT order_id, user_id, symbol, side::order_side, order_type::order_type, quantity, price
       FROM jsonb_to_recordset($1) AS r(order_id text, user_id text, symbol text, side text, order_type text, quantity int, price float8)`,
      [JSON.stringify(rows)],
    );
  };

  const misbehave = () => {
    const rare = new Set<string>(['hang', 'hang-after', 'token-expired']);
    for (const each of MISBEHAVIOURS)
      standIn.control.chances[each] = chance() * (rare.has(each) ? 0.01 : 0.04);
    for (const each of FATES) standIn.control.chances[each] = 0.12;
    for (const quirk of QUIRKS) standIn.control[quirk] = chance() < 0.5;
  };

  const run = async (line: string) => {
    const { code, stderr } = await db.cli(...words(line));
    if (!EXITS.has(code)) throw new Error(`${line} ended ${code}: ${stderr}`);
    return code;
  };

  const severalAtOnce = async <T>(items: readonly T[], work: (item: T) => Promise<unknown>) => {
    const waiting = items.values();
    const worker = async () => {
      for (const item of waiting) await work(item);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  };

  const someWorking = async (part: number) => {
    const { rows } = await db.query(
      `SELECT order_id FROM orders WHERE status IN ('PLACED', 'PARTIALLY_FILLED') ORDER BY order_id`,
    );
    return rows.map(({ order_id }) => String(order_id)).filter(() => chance() < part);
  };

  /** Lets the broker behave, sends what waits, and syncs until nothing is open. */
  const settle = async () => {
    standIn.control.chances = {};
    for (const quirk of QUIRKS) standIn.control[quirk] = false;
    const codes: number[] = [];
    for (let round = 0; round < 8; round++) {
      await run('order send --all --yes');
      standIn.settle();
      // What was sent lately is looked for during a minute.
      await db.query(
        `UPDATE broker_calls SET sent_at = sent_at - interval '2 minutes' WHERE resolved_at IS NULL`,
      );
      codes.push(await run('broker sync --all'));
      const { rows } = await db.query("SELECT FROM orders WHERE status = 'PENDING'");
      if (codes.at(-1) === 0 && rows.length === 0) break;
    }
    const left = codes.at(-1) === 0 ? '' : (await db.cli(...words('reconcile orders --all --json'))).stdout;
    expect({ codes: codes.at(-1), left }).toEqual({ codes: 0, left: '' });
  };

  const expectProof = async () => {
    await expectAgreement(db, standIn);
    for (const line of ['reconcile orders --all', 'reconcile positions --all', 'doctor ledger']) {
      const { code, stdout, stderr } = await db.cli(...words(line));
      expect({ line, code, said: code === 0 ? '' : stdout + stderr }).toEqual({ line, code: 0, said: '' });
    }
  };

  it(
    `${ORDERS} orders of ${TRADERS} traders end as the broker has them`,
    async () => {
      await givePending(ORDERS, users);
      const rounds = ORDERS < 100 ? 2 : 4;
      for (let round = 1; round <= rounds; round++) {
        misbehave();
        const senders = users.filter(() => round === rounds || chance() < 0.5);
        await severalAtOnce(senders, (user) => run(`order send --user ${user} --yes`));
        await run('broker sync --all');
        await severalAtOnce(await someWorking(0.2), (id) => run(`order cancel ${id} --send`));
        await run('broker sync --all');
      }
      await settle();
      await expectProof();
    },
    LONG,
  );

  /** Kills a process within 30 ms of one of the next calls that reach the broker: before, in and after what it books. */
  const killAfterCalls = async (child: ChildProcess) => {
    const until = standIn.calls.length + 1 + Math.floor(chance() * 6);
    while (child.exitCode === null && standIn.calls.length < until) await sleep(2);
    await sleep(chance() * 30);
    child.kill('SIGKILL');
  };

  it(
    `the same with ${KILLS} kills of what sends, cancels and syncs`,
    async () => {
      const perKill = Math.max(2, Math.floor(ORDERS / KILLS));
      let killed = 0;
      const ended: (number | null)[] = [];
      while (killed < KILLS) {
        misbehave();
        const few = Array.from({ length: AT_ONCE }, () => oneOf(users));
        await givePending(perKill, few);
        await Promise.all(
          few.map(async (user) => {
            const line = oneOf([
              `order send --user ${user} --yes`,
              `order send --user ${user} --yes`,
              `order cancel --user ${user} --send --yes`,
              `broker sync ${user}`,
              'broker sync --all',
            ]);
            const { child, ended: end } = start(db.env, ...words(line));
            void killAfterCalls(child);
            const { code, stderr } = await end;
            ended.push(code);
            if (code === null) killed++;
            else if (!EXITS.has(code)) throw new Error(`${line} ended ${code}: ${stderr}`);
          }),
        );
      }
      // What a killed process left to be answered.
      await sleep(standIn.control.hangMs);
      await settle();
      await expectProof();
      expect(ended.length).toBeGreaterThanOrEqual(KILLS);
    },
    LONG,
  );
});
