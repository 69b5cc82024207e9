import { createHash } from 'node:crypto';
import { type ChainableCommander, Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../helpers/databases.ts';
import { given } from '../helpers/given.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

// A day of services of the reference kind beside this program. `PINNACLE_NEIGHBOURS_SEED` picks another one.
const SEED = Number(process.env['PINNACLE_NEIGHBOURS_SEED'] ?? 17);
const OPERATIONS = 10_000;
/** After so many operations of theirs comes a command of ours. */
const OURS_EVERY = 160;
const USERS = ['u1', 'u2', 'u3', 'stranger'];
const SYMBOLS = ['TCS', 'INFY', 'WIPRO', 'SBIN', 'M&M'];
const isOurs = (id: string) => id.startsWith('ntf_');

/** Numbers from 0 to below 1, the same ones for a seed. */
function randomFrom(seed: number): () => number {
  let drawn = 0;
  return () => createHash('sha256').update(`${seed} ${drawn++}`).digest().readUInt32BE() / 2 ** 32;
}

/** What the services did last to each key of theirs, and the ids they pushed. */
interface Theirs {
  kept: Map<string, string>;
  pushed: Map<string, string[]>;
  members: Map<string, Set<string>>;
}

/** The keys that a habit writes, by the name of one of them. */
const FAMILY_OF = new Map([
  ['notify', 'notification'],
  ['quote', 'market_data'],
  ['session', 'session'],
]);

/** One habit of a service, as redis-py clients have it; each is one transaction. */
function habits(random: () => number, theirs: Theirs) {
  const pick = <T>(some: readonly T[]) => some[Math.floor(random() * some.length)] as T;
  const hex = () => Math.floor(random() * 2 ** 40).toString(16);
  const seconds = () => (random() < 0.5 ? Math.floor(Date.now() / 1_000) : Date.now() / 1_000);
  const orders = () => [...theirs.kept.keys()].filter((key) => key.startsWith('order:'));
  const write = (all: ChainableCommander, key: string, value: object, lifetime: number) => {
    const text = JSON.stringify(value);
    theirs.kept.set(key, text);
    return lifetime > 0 ? all.set(key, text, 'EX', lifetime) : all.set(key, text);
  };
  const order = (all: ChainableCommander) => {
    const [id, user] = [hex(), pick(USERS)];
    const value = { id, user, symbol: pick(SYMBOLS), qty: 10, state: 'OPEN', ts: seconds() };
    write(all, `order:${id}`, value, pick([0, 86_400]));
    const set = `user_orders:${user}`;
    theirs.members.set(set, (theirs.members.get(set) ?? new Set()).add(id));
    all.sadd(set, id);
  };
  const amend = (all: ChainableCommander) => {
    const key = pick(orders());
    if (key) write(all, key, { ...JSON.parse(theirs.kept.get(key) ?? '{}'), state: 'DONE' }, 0);
  };
  const notify = (all: ChainableCommander) => {
    const [id, user] = [hex(), pick(USERS)];
    write(all, `notification:${id}`, { id, text: 'filled', at: seconds() }, pick([0, 3_600]));
    const list = `user_notifications:${user}`;
    theirs.pushed.set(list, [id, ...(theirs.pushed.get(list) ?? [])]);
    all.lpush(list, id).ltrim(list, 0, 99);
  };
  const quote = (all: ChainableCommander) =>
    all.set(
      `market_data:${pick(SYMBOLS)}`,
      JSON.stringify({ ltp: 1 + random() * 100, timestamp: seconds(), src: 'feed' }),
      ...(['EX', 2] as const),
    );
  const session = (all: ChainableCommander) =>
    write(all, `session:${pick(USERS)}:${hex()}`, { token: hex(), seen: seconds() }, pick([0, 3_600]));
  const publish = (all: ChainableCommander) => all.publish('order_updates', hex());
  const all = [order, order, amend, notify, quote, quote, quote, session, publish];
  return () => {
    const habit = pick(all);
    return { habit, family: FAMILY_OF.get(habit.name) ?? 'order' };
  };
}

/** What this program does on such a day, one command after the other. */
const OURS = [
  'order place --user u1 --symbol TCS --side BUY --quantity 5 --order-id ours-%',
  'order fill ours-% --quantity 2 --price 10',
  'notification send --user u2 --type RISK_ALERT --title t --message m',
  'market set RELIANCE --ltp 2900',
  'order place --user u3 --symbol SBIN --side SELL --quantity 5',
  'notification send --user u1 --type RISK_ALERT --title t --message m',
  'market set TCS --ltp 11',
  'realtime drain',
  'order cancel ours-%',
];

/** The variable that names the Redis of each family of keys, and its database where each service has its own. */
const PLACES: Readonly<Record<string, { variable: string; database: number }>> = {
  order: { variable: 'REDIS_ORDERS_URL', database: 0 },
  market_data: { variable: 'REDIS_MARKET_URL', database: 1 },
  session: { variable: 'REDIS_SESSIONS_URL', database: 2 },
  notification: { variable: 'REDIS_NOTIFICATIONS_URL', database: 3 },
};

const CASES = servers.flatMap((server) =>
  ['one database', 'a database for each service'].map((where) => ({ ...server, where })),
);

describe.each(CASES)(
  'services that share $where of Redis with this program, beside the $name',
  ({ open, where }) => {
    let db: TestDatabase;
    let redis: TestRedis;
    const clients = new Map<string, Redis>();
    const clientFor = (key: string) =>
      clients.get(key.split(':')[0]?.replace(/^user_(\w+)s$/, '$1') ?? '') as Redis;
    beforeAll(async () => {
      [db, redis] = await Promise.all([open(), startRedis()]);
      for (const [family, { variable, database }] of Object.entries(PLACES)) {
        const url = `redis://127.0.0.1:${redis.port}/${where === 'one database' ? 0 : database}`;
        db.env[variable] = url;
        clients.set(family, new Redis(url));
      }
      for (const user of USERS.filter((name) => name !== 'stranger')) await given.user(db, user);
    });
    afterAll(async () => {
      for (const client of clients.values()) client.disconnect();
      await Promise.all([db?.close(), redis?.stop()]);
    });

    const theirs: Theirs = { kept: new Map(), pushed: new Map(), members: new Map() };

    /** Every key of theirs and when it ends; ids of theirs in lists and sets; and whether each set or list ends. */
    async function picture() {
      const keys = [...theirs.kept.keys()];
      const of = async <T>(some: Iterable<string>, read: (key: string) => Promise<T>) =>
        Object.fromEntries(await Promise.all([...some].map(async (key) => [key, await read(key)] as const)));
      return {
        values: await of(keys, (key) => clientFor(key).get(key)),
        ends: await of(keys, (key) => clientFor(key).pexpiretime(key)),
        lists: await of(theirs.pushed.keys(), async (key) =>
          (await clientFor(key).lrange(key, 0, -1)).filter((id) => !isOurs(id)),
        ),
        sets: await of(theirs.members.keys(), async (key) => {
          const held = new Set(await clientFor(key).smembers(key));
          return [...(theirs.members.get(key) ?? [])].filter((id) => held.has(id)).length;
        }),
        lasting: await of([...theirs.pushed.keys(), ...theirs.members.keys()], (key) =>
          clientFor(key).pexpiretime(key),
        ),
      };
    }

    /** The commands of ours, one after the other, over and over. */
    let own = 0;
    async function oursNext(): Promise<void> {
      const round = Math.floor(own / OURS.length);
      const line = OURS[own++ % OURS.length]?.replace('%', String(round)) ?? '';
      const { code, stderr } = await db.cli(...line.split(' '));
      // The feed may have a newer quote of the symbol, and then ours is refused.
      const expected = line.startsWith('market') && code === 5 ? 5 : 0;
      expect({ line, code, stderr }).toMatchObject({ line, code: expected });
    }

    it(`have every key and id of theirs after ${OPERATIONS} operations`, { timeout: 120_000 }, async () => {
      const next = habits(randomFrom(SEED), theirs);
      for (let done = 1; done <= OPERATIONS; done++) {
        const { habit, family } = next();
        const all = clientFor(family).multi();
        habit(all);
        const ran = all.exec();
        if (done % 40 === 0) await ran;
        if (done % OURS_EVERY === 0) await oursNext();
      }
      for (const [list, pushed] of theirs.pushed) {
        const held = await clientFor(list).lrange(list, 0, -1);
        const others = held.filter((id) => !isOurs(id));
        // Only their own LTRIM has cut anything, from the end.
        expect(others).toEqual(pushed.slice(0, others.length));
        expect(held.length).toBeGreaterThanOrEqual(Math.min(100, pushed.length));
      }
      const { values, sets } = await picture();
      expect(Object.values(values)).toEqual([...theirs.kept.values()]);
      expect(sets).toEqual(Object.fromEntries([...theirs.members].map(([key, ids]) => [key, ids.size])));
    });

    it.each(['realtime drain', 'realtime rebuild --yes', 'doctor realtime', 'retention run --yes'])(
      'have all of it after %s',
      async (line) => {
        const before = await picture();
        const quotes = clientFor('market_data');
        const feed = JSON.stringify({ ltp: 12.5, timestamp: Date.now() / 1_000 });
        for (const symbol of SYMBOLS) await quotes.set(`market_data:${symbol}`, feed, 'PX', 20_000);
        const { code, stderr } = await db.cli(...line.split(' '));
        expect({ code, stderr }).toMatchObject({ code: 0 });
        expect(await quotes.mget(SYMBOLS.map((symbol) => `market_data:${symbol}`))).toEqual(
          SYMBOLS.map(() => feed),
        );
        expect(await picture()).toEqual(before);
      },
    );

    it('lose what the operator names, and nothing else', async () => {
      const named = await db.cli('realtime', 'rebuild', '--delete-foreign');
      const [name = ''] = /(?<=--confirm )[\w-]+/.exec(named.stderr) ?? [];
      const gone = await db.json('realtime', 'rebuild', '--delete-foreign', '--confirm', name);
      expect(Number(gone['foreign'])).toBeGreaterThan(1_000);
      const left = await Promise.all([...theirs.kept.keys()].map((key) => clientFor(key).get(key)));
      expect(left).toEqual(
        [...theirs.kept].map(([key, value]) => (key.startsWith('session:') ? value : null)),
      );
      expect((await db.cli('doctor', 'realtime')).code).toBe(0);
    });
  },
);
