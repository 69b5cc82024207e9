import { randomUUID } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, servers, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { start } from '../helpers/process.ts';
import { freePort, startRedis, type TestRedis } from '../helpers/redis.ts';
import { TIMED } from '../helpers/timed.ts';

// `npm run test:failover` has 100 of each.
const ORDERS = Number(process.env['PINNACLE_OUTAGE_ORDERS'] ?? 20);
const ORDER = ['order', 'place', '--user', 'u', '--symbol', 'TCS', '--side', 'BUY', '--quantity', '5'];

/** Something that takes connections and never says a word. */
async function blackHole(): Promise<{ url: string; met: () => number; close: () => Promise<void> }> {
  const sockets = new Set<Socket>();
  let met = 0;
  const hole: Server = createServer((socket) => {
    met++;
    sockets.add(socket.on('error', () => {}));
    socket.resume();
  });
  const port = await freePort();
  await new Promise<void>((resolve) => hole.listen(port, '127.0.0.1', resolve));
  return {
    url: `redis://127.0.0.1:${port}`,
    met: () => met,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => hole.close(resolve));
    },
  };
}

describe.each(databases)('a Redis that never answers, beside the $name database', ({ open }) => {
  let db: TestDatabase;
  let hole: Awaited<ReturnType<typeof blackHole>>;
  beforeAll(async () => {
    [db, hole] = await Promise.all([open(), blackHole()]);
    await given.user(db, 'u');
    db.env['REDIS_URL'] = hole.url;
  });
  afterAll(() => Promise.all([db?.close(), hole?.close()]));

  it('is never asked by what has nothing to do with it', async () => {
    for (const argv of [
      ['--help'],
      ['user', 'list'],
      ['order', 'list'],
      ['migrate', 'up'],
      ['migrate', 'status'],
      ['realtime', 'drain'],
      ['user', 'add', '--user-id', 'v', '--name', 'V', '--email', 'v@example.com', '--json'],
    ])
      expect([argv.join(' '), (await db.cli(...argv)).code]).toEqual([argv.join(' '), 0]);
    expect((await db.cli('order', 'cancel', 'no-such')).code).toBe(3);
    // Orders of a user whose rules need no quote; a dry run projects nothing.
    const own = ['--order-id', 'rejected', '--type', 'LIMIT', '--price', '10'];
    const without = { env: { REDIS_URL: '' } };
    await db.cliWith(without, ...ORDER, ...own);
    const judged = async () => {
      for (const argv of [
        ['order', 'place', ...ORDER.slice(2), '--type', 'LIMIT', '--price', '10'],
        ['order', 'amend', 'rejected', '--quantity', '6'],
      ])
        expect([argv.join(' '), (await db.cli(...argv, '--dry-run')).code]).toEqual([argv.join(' '), 0]);
    };
    await judged();
    expect((await db.cliWith(without, 'order', 'reject', 'rejected', '--reason', 'r')).code).toBe(0);
    expect((await db.cli('order', 'retry', 'rejected', '--dry-run')).code).toBe(0);
    expect(hole.met()).toBe(0);
  });

  it('is asked for a quote where a rule needs one', async () => {
    await db.cliWith({ env: { REDIS_URL: '' } }, 'risk', 'set', 'u', 'MAX_POSITION_SIZE', '1000000');
    const priced = [...ORDER, '--type', 'LIMIT', '--price', '10', '--dry-run'];
    expect((await db.cliWith({ env: { PINNACLE_REDIS_TIMEOUT: '300ms' } }, ...priced)).code).toBe(0);
    expect(hole.met()).toBe(1);
    await db.cliWith({ env: { REDIS_URL: '' } }, 'risk', 'remove', 'u', 'MAX_POSITION_SIZE');
  });

  it('holds a change up no longer than it is given', TIMED, async () => {
    const id = randomUUID();
    db.env['PINNACLE_REDIS_TIMEOUT'] = '300ms';
    const started = performance.now();
    const { code, stdout, stderr } = await db.cli(...ORDER, '--order-id', id, '--json');
    const took = performance.now() - started;
    expect([code, JSON.parse(stdout).order_id]).toEqual([8, id]);
    expect(stderr).toContain('no answer in time');
    // What is not waiting for Redis is some ten milliseconds; a busy machine makes more of it.
    expect(took).toBeGreaterThan(290);
    expect(took).toBeLessThan(2_000);
  });

  it('holds a MARKET order that wants a reference price up no longer either', TIMED, async () => {
    db.env['PINNACLE_REDIS_TIMEOUT'] = '1500ms';
    const started = performance.now();
    const { code, stderr } = await db.cli(...ORDER, '--order-id', 'market');
    const took = performance.now() - started;
    expect(code).toBe(8);
    expect(stderr).toContain('No reference price');
    expect(took).toBeGreaterThan(1_490);
    expect(took).toBeLessThan(2_900);
  });

  it('ends what cannot be done without it with exit 7', async () => {
    expect(await db.cli('doctor', 'realtime')).toMatchObject({
      code: 7,
      stdout: '',
      stderr: expect.stringContaining('cannot be reached: no answer in time'),
    });
  });
});

describe.each(databases)('a Redis that refuses, beside the $name database', ({ open }) => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await open();
    await given.user(db, 'u');
  });
  afterAll(() => db?.close());

  /** What an order says of a Redis of these settings; the order itself is placed. */
  async function placeBeside(
    settings: Record<string, string | string[]>,
    url = (redis: TestRedis) => redis.url,
  ) {
    const redis = await startRedis(settings);
    try {
      const env = { ...db.env, REDIS_URL: url(redis) };
      const { code, stderr } = await db.cliWith({ env }, ...ORDER);
      expect(code).toBe(8);
      return stderr;
    } finally {
      await redis.stop();
    }
  }

  it.each([
    ['full', { maxmemory: '1' }, 'is full'],
    ['a replica', { replicaof: ['127.0.0.1', '1'] }, 'is a replica and takes no writes'],
    ['locked', { requirepass: 'right' }, 'refused the login'],
  ] as const)('because it is %s', async (_what, settings, says) => {
    expect(await placeBeside(settings as never, ({ port }) => `redis://:wrong@127.0.0.1:${port}`)).toContain(
      says,
    );
  });

  it('takes everything once it is itself again', async () => {
    const redis = await startRedis();
    const env = { ...db.env, REDIS_URL: redis.url };
    const { stdout } = await db.cliWith({ env }, 'realtime', 'drain', '--json');
    expect(JSON.parse(stdout)).toEqual({ drained: 3, pending: 0 });
    expect((await db.cliWith({ env }, 'doctor', 'realtime')).code).toBe(0);
    await redis.stop();
  });
});

describe.each(servers)('beside the $name', ({ open }) => {
  let db: TestDatabase;
  let redis: TestRedis;
  beforeAll(async () => {
    [db, redis] = await Promise.all([open(), startRedis()]);
    db.env['REDIS_URL'] = redis.url;
    await given.user(db, 'u');
  });
  afterAll(() => Promise.all([db?.close(), redis?.stop()]));

  it(`${2 * ORDERS} changes while Redis is stopped are booked, wait, and are all there in the end`, async () => {
    await redis.kill();
    for (let i = 0; i < ORDERS; i++) {
      const started = performance.now();
      const placed = await db.cli(...ORDER, '--order-id', `o-${i}`);
      const step =
        i % 2 === 0 ? ['fill', `o-${i}`, '--quantity', '5', '--price', '10'] : ['cancel', `o-${i}`];
      const changed = await db.cli('order', ...step);
      expect([placed.code, changed.code]).toEqual([8, 8]);
      expect(performance.now() - started).toBeLessThan(6_000);
    }
    expect((await db.cli('doctor', 'ledger')).code).toBe(0);
    await redis.start();
    const { drained } = await db.json<{ drained: number }>('realtime', 'drain');
    // Two changes an order, and the position of each that was filled.
    expect(drained).toBe(2 * ORDERS + ORDERS / 2);
    expect((await db.cli('doctor', 'realtime')).code).toBe(0);
  });

  it('connections that break at random moments leave Redis with what the book says', async () => {
    let over = false;
    const cutting = (async () => {
      while (!over) {
        await redis.cli('client', 'kill', 'type', 'normal');
        await sleep(Math.random() * 60);
      }
    })();
    const codes = await Promise.all(
      Array.from({ length: 6 }, async (_, worker) => {
        const ends: number[] = [];
        for (let i = 0; i < ORDERS / 4; i++) {
          const order = `r-${worker}-${i}`;
          ends.push((await db.cli(...ORDER, '--order-id', order)).code);
          ends.push((await db.cli('order', 'fill', order, '--quantity', '2', '--price', '10')).code);
          ends.push((await db.cli('order', 'cancel', `r-${(worker + 1) % 6}-${i}`)).code);
        }
        return ends;
      }),
    );
    over = true;
    await cutting;
    // 10: six at a time wait for one user, and on a busy machine longer than a lock is waited for.
    expect(codes.flat().filter((code) => ![0, 3, 5, 8, 10].includes(code))).toEqual([]);
    expect(codes.flat()).toContain(8);
    expect((await db.cli('realtime', 'drain')).code).toBe(0);
    expect((await db.cli('doctor', 'realtime')).code).toBe(0);
    expect((await db.cli('doctor', 'ledger')).code).toBe(0);
  });

  it('a process killed between its commit and Redis leaves what waits for the next drain', async () => {
    const { child, ended } = start(db.env, ...ORDER, '--order-id', 'killed');
    // Redis stands still, so that the process waits for it with its change committed.
    await redis.cli('client', 'pause', '1500', 'ALL');
    for (let committed = false; !committed; )
      committed = (await db.query("SELECT FROM orders WHERE order_id = 'killed'")).rows.length > 0;
    child.kill('SIGKILL');
    await ended;
    expect(await db.json('realtime', 'drain')).toMatchObject({ pending: 0 });
    expect((await db.cli('doctor', 'realtime')).code).toBe(0);
    expect(JSON.parse(await redis.cli('get', 'order:killed'))).toMatchObject({ order_id: 'killed' });
  });

  it('many processes at one order leave Redis with what the book says', async () => {
    await db.json(...ORDER.slice(0, -1), '40', '--order-id', 'busy');
    const fills = Array.from({ length: 12 }, () =>
      start(db.env, 'order', 'fill', 'busy', '--quantity', '1', '--price', '10'),
    );
    for (const { code } of await Promise.all(fills.map(({ ended }) => ended))) expect(code).toBe(0);
    expect(await db.json('realtime', 'drain')).toEqual({ drained: 0, pending: 0 });
    expect(JSON.parse(await redis.cli('get', 'order:busy'))).toMatchObject({ filled_quantity: 12 });
    expect((await db.cli('doctor', 'realtime')).code).toBe(0);
  });
});
