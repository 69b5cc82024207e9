import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SORTS, type Sort } from '../../src/operations/overview/overview.ts';
import { findBinaries } from '../helpers/binaries.ts';
import { servers, type TestDatabase } from '../helpers/databases.ts';
import { dayInDatabase } from '../helpers/day-in-database.ts';
import { byClock, type FastClock, findFakeTime, startClock } from '../helpers/fast-clock.ts';
import { given } from '../helpers/given.ts';
import { type LiveTerminal, startLive } from '../helpers/live-terminal.ts';
import { type Server, startServer } from '../helpers/postgres.ts';
import { start as startProcess } from '../helpers/process.ts';
import { findRedis, startRedis, type TestRedis } from '../helpers/redis.ts';
import { differences, differencesOfSmall } from '../helpers/screen-of-day.ts';
import { SYMBOLS, TRADERS, tradingDay } from '../helpers/trading-day.ts';

const WAIT = { timeout: 60_000, interval: 50 };
/** The minutes of the day, and how many times as fast as outside it is. */
const MINUTES = Number(process.env['PINNACLE_TOP_MINUTES'] ?? 8);
const SPEED = Number(process.env['PINNACLE_TOP_SPEED'] ?? 60);
/** The screen is compared after so many minutes, and again. */
const ROUND_MINUTES = 4;
/** A Friday, five minutes before the exchange opens. */
const START = new Date('2026-01-30T09:10:00+05:30');
const WHOLE = { columns: 190, rows: 150 };
const library = findBinaries() && findRedis() ? findFakeTime() : undefined;

describe.each(library ? servers : [])('top through a day in fast time, on a $name', ({ open }) => {
  let server: Server;
  let redis: TestRedis;
  let db: TestDatabase;
  let clock: FastClock;
  const quotes = new Map<string, Date>();
  const running: LiveTerminal[] = [];
  beforeAll(async () => {
    clock = startClock(library ?? '', START);
    // Redis does not start with the library: what expires there does so by the clock outside.
    [server, redis] = await Promise.all([
      startServer({}, undefined, undefined, clock.env.server),
      startRedis(),
    ]);
    db = byClock(await open(4, server.url), clock);
    db.env['REDIS_URL'] = redis.url;
    await given.strategy(db, 'breakout');
    for (const user of TRADERS) {
      await given.user(db, user);
      await db.json('strategy', 'activate', 'breakout', '--user', user, '--allocation', '100000');
    }
  }, 120_000);
  afterEach(async () => {
    clock.stop();
    for (const each of running.splice(0)) {
      each.signal('SIGKILL');
      await each.ended.catch(() => {});
    }
  });
  afterAll(async () => {
    await Promise.all([server.stop(), redis.stop()]);
    clock.remove();
  });

  const start = async () => {
    const env = { ...db.env, ...clock.env.program };
    const top = startLive({ ...WHOLE, env }, 'top', '--interval', '250ms');
    running.push(top);
    await shows(top, 'TRADERS');
    return top;
  };
  const textOf = (top: LiveTerminal) => top.screen().join('\n');
  const shows = (top: LiveTerminal, text: string | RegExp) =>
    expect.poll(() => textOf(top), WAIT).toMatch(text);
  const showsNot = (top: LiveTerminal, text: string) =>
    expect.poll(() => textOf(top), WAIT).not.toContain(text);

  const dayNow = (choice: { text?: string; sort?: Sort } = {}) =>
    dayInDatabase({ url: db.env['DATABASE_URL'] ?? '', at: clock.now(), quotes, ...choice });

  /** Compares the screen with the database, while the clock stands still and nobody writes. */
  const isAsTheDatabase = async (
    top: LiveTerminal,
    choice: { text?: string; sort?: Sort } = {},
    compare = differences,
  ) => {
    const day = await dayNow(choice);
    await expect.poll(() => compare(top.screen(), day), WAIT).toEqual([]);
  };

  /** What is done to the screen, or to what it reads from, in turn: while the day goes on, or once it stands still. */
  const EVENTS: readonly {
    meanwhile?: (top: LiveTerminal) => Promise<void>;
    still?: (top: LiveTerminal) => Promise<void>;
  }[] = [
    {
      async still(top) {
        for (const text of [SYMBOLS[0], 'breakout', TRADERS[1]]) {
          top.type(`/${text}\r`);
          await shows(top, `with "${text}"`);
          await isAsTheDatabase(top, { text });
          top.type('\x1b');
          await showsNot(top, 'with "');
        }
      },
    },
    {
      async meanwhile(top) {
        server.signalAll('SIGKILL');
        await shows(top, 'DATABASE AWAY');
        await server.start();
        await showsNot(top, 'DATABASE AWAY');
      },
      async still(top) {
        await redis.kill();
        quotes.clear();
        await shows(top, 'REDIS AWAY');
        await redis.start();
        await showsNot(top, 'REDIS AWAY');
      },
    },
    {
      async still(top) {
        top.resize(40, 10);
        for (const part of ['5', '4', '3', '2']) {
          top.type(`${part}\x1b[H`);
          await isAsTheDatabase(top, {}, differencesOfSmall);
        }
        expect(top.screen()).toHaveLength(10);
        top.resize(WHOLE.columns, WHOLE.rows);
      },
    },
    {
      async still(top) {
        for (const sort of [...SORTS.slice(1), SORTS[0]]) {
          top.type('s');
          await isAsTheDatabase(top, { sort });
        }
      },
    },
    {
      async still(top) {
        const { parts } = await dayNow();
        const user = parts['TRADERS']?.rows[0]?.[''];
        top.type('\x1b[H\r');
        await shows(top, `pinnacle user show ${user}`);
        await shows(top, `${user}@example.com`);
        top.type('x');
        await shows(top, 'TRADERS');
      },
    },
  ];

  it(`shows what the database has, through ${MINUTES} minutes`, { timeout: 900_000 }, async () => {
    const day = tradingDay({ db, clock, env: clock.env.program, quotes });
    await day.begin();
    const marketIs = async (text: string) => {
      const { stdout } = await startProcess({ ...db.env, ...clock.env.program }, 'status').ended;
      expect(stdout).toContain(text);
    };
    await marketIs('NSE opens at 09:15');
    const top = await start();
    expect({ alternate: top.isAlternate(), cursor: top.isCursorShown() }).toEqual({
      alternate: true,
      cursor: false,
    });
    const rounds = Math.ceil(MINUTES / ROUND_MINUTES);
    for (let round = 0; round < rounds; round++) {
      const event = EVENTS[round % EVENTS.length];
      const end = START.getTime() + (round + 1) * ROUND_MINUTES * 60_000;
      clock.go(SPEED);
      await event?.meanwhile?.(top);
      await day.trade(new Date(end));
      clock.stop();
      await isAsTheDatabase(top);
      await event?.still?.(top);
      await isAsTheDatabase(top);
    }
    await marketIs('NSE is open until 15:30');
    process.stderr.write(`top-day: ${MINUTES} minutes, ${day.done()}\n`);
    top.type('q');
    expect(await top.ended).toEqual({ code: 0, restored: true });
    expect({ alternate: top.isAlternate(), cursor: top.isCursorShown(), ...top.modes() }).toEqual({
      alternate: false,
      cursor: true,
      paste: false,
      wrap: true,
    });
  });

  it('begins the day anew at midnight of the exchange', { timeout: 120_000 }, async () => {
    clock.set(new Date('2026-01-30T23:59:30+05:30'));
    const top = await start();
    await shows(top, /FILLS [1-9]/);
    await isAsTheDatabase(top);
    clock.set(new Date('2026-01-31T00:00:30+05:30'));
    await shows(top, 'FILLS 0');
    await isAsTheDatabase(top);
    top.signal('SIGTERM');
    expect(await top.ended).toEqual({ code: 143, restored: true });
  });
});
