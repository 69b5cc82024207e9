import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { start } from '../../helpers/process.ts';
import { giveRing } from '../../helpers/ring.ts';
import { type StandIn, startStandIn } from '../../helpers/stand-in/server.ts';
import {
  giveBroker,
  giveClient,
  giveInstrument,
  giveLimits,
  giveSession,
} from '../../helpers/stand-in/trader.ts';
import { words } from '../../helpers/words.ts';

const PROCESSES = 8;
/** What waits a whole minute is for the long form. */
const IS_LONG = process.env['PINNACLE_BROKER_ORDERS'] !== undefined;
/** Of the vendor, for orders of all kinds and for each book. */
const [ORDERS_A_SECOND, BOOKS_A_SECOND] = [20, 1];

describe.each(servers)('eight processes for one trader on $name', ({ open }) => {
  let db: TestDatabase;
  let standIn: StandIn;

  beforeAll(async () => {
    db = await open();
    await giveRing(db);
    standIn = await startStandIn({ enforceLimits: true });
    giveBroker(db, standIn);
    await giveInstrument(db, 'INFY', '1594');
  });
  afterAll(async () => {
    await standIn.stop();
    await db.close();
  });

  const giveTrader = async (user: string, orders: number) => {
    await given.user(db, user);
    const client = await giveClient(db, standIn, user);
    await giveSession(db, standIn, user, client);
    await db.query(
      `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price)
       SELECT $1 || '-' || i, $1, 'INFY', 'BUY', 'LIMIT', 1, 100 FROM generate_series(1, $2) AS i`,
      [user, orders],
    );
    return client.clientCode;
  };
  const startAll = (line: string, many = PROCESSES) =>
    Array.from({ length: many }, () => start(db.env, ...words(line)));
  const statuses = async (user: string) => {
    const { rows } = await db.query(
      'SELECT status::text, count(*)::int AS n FROM orders WHERE user_id = $1 GROUP BY 1',
      [user],
    );
    return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
  };
  const placings = (client: string) =>
    standIn.calls.filter((call) => call.client === client && call.method === 'place').length;

  it('keep within those of a second, and send each order once', async () => {
    const client = await giveTrader('second', 40);
    const ended = await Promise.all([
      ...startAll('order send --user second --yes').map(({ ended: end }) => end),
      ...startAll('broker sync second', 3).map(({ ended: end }) => end),
    ]);
    // What another process has in its hands is skipped.
    for (const { code, stderr } of ended)
      expect({ code, stderr: [0, 6].includes(Number(code)) ? '' : stderr }).toEqual({ code, stderr: '' });
    expect(await statuses('second')).toEqual({ PLACED: 40 });
    expect(placings(client)).toBe(40);
    expect(standIn.mostWithin(client, 'place', 1_000)).toBeLessThanOrEqual(ORDERS_A_SECOND);
    // Slots are 1,200 ms apart; a busy machine may bring two calls closer together on their way.
    expect(standIn.mostWithin(client, 'orders', 800)).toBe(BOOKS_A_SECOND);
    expect(standIn.mostWithin(client, 'trades', 800)).toBe(BOOKS_A_SECOND);
    const { rows } = await db.query(
      `SELECT max(n)::int AS most FROM (
         SELECT count(*) OVER (ORDER BY at RANGE BETWEEN interval '1 second' PRECEDING AND CURRENT ROW) AS n
         FROM broker_slots WHERE user_id = 'second' AND method = 'order') AS within`,
    );
    expect(Number(rows[0]?.['most'])).toBeLessThanOrEqual(10);
  }, 180_000);

  it.runIf(IS_LONG)(
    'keep within those of a minute',
    async () => {
      const client = await giveTrader('minute', 30);
      giveLimits(db, '10/s 12/m');
      const running = startAll('order send --user minute --yes');
      const taken = async () => {
        const { rows } = await db.query(
          `SELECT count(*)::int AS n FROM broker_slots
         WHERE user_id = 'minute' AND method = 'order' AND at <= timezone('UTC', clock_timestamp())`,
        );
        return Number(rows[0]?.['n']);
      };
      // A process that is too late for its slot lets it go.
      while ((await taken()) < 12) await sleep(100);
      await sleep(2_000);
      for (const { child } of running) child.kill('SIGINT');
      const ended = await Promise.all(running.map((each) => each.ended));
      expect(ended.filter(({ code }) => code === null)).toEqual([]);
      const sent = placings(client);
      expect(standIn.mostWithin(client, 'place', 60_000)).toBeLessThanOrEqual(12);
      expect(sent).toBeLessThan(30);
      // What was waiting when it was interrupted never went out, and may be sent again.
      await db.cli('broker', 'sync', 'minute');
      expect(await statuses('minute')).toEqual({ PLACED: sent, PENDING: 30 - sent });
    },
    180_000,
  );

  it('keep within those of an hour: what comes after is not sent', async () => {
    const client = await giveTrader('hour', 24);
    giveLimits(db, '10/s 15/h');
    const ended = await Promise.all(
      startAll('order send --user hour --yes --json').map((each) => each.ended),
    );
    expect(ended.map(({ code }) => code)).toContain(7);
    expect(ended.map(({ stdout }) => stdout).join('')).toContain('takes no more calls for hour');
    const sent = placings(client);
    expect(sent).toBeLessThanOrEqual(15);
    expect(await statuses('hour')).toEqual({ PLACED: sent, PENDING: 24 - sent });
  }, 180_000);
});
