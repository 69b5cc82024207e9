import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { savedBooks } from '../../commands/reconcile/saved-books.ts';
import { startProxy } from '../../fault/proxy.ts';
import { postgresReader } from '../../fault/wire.ts';
import { broughtDay, giveBrokerDay } from '../../helpers/broker-day.ts';
import { servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';

const READY = 'Z'.charCodeAt(0);

describe.each(servers)('what broker sync asks of $name', ({ open }) => {
  let db: TestDatabase;
  const books = savedBooks();
  const sessions = new Map<unknown, number>();
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  let env: Record<string, string>;

  beforeAll(async () => {
    db = await open();
    const { pathname, searchParams } = new URL(String(db.env['DATABASE_URL']).replace('@/', '@localhost/'));
    proxy = await startProxy(
      { path: `${searchParams.get('host')}/.s.PGSQL.${searchParams.get('port') ?? 5432}` },
      { client: () => postgresReader('frontend'), server: () => postgresReader('backend') },
      (message, from, line) => {
        if (from === 'server' && message[0] === READY) sessions.set(line, (sessions.get(line) ?? -1) + 1);
      },
    );
    env = { ...books.env, DATABASE_URL: `postgres://postgres@127.0.0.1:${proxy.port}${pathname}` };
  });
  afterAll(async () => {
    await proxy.close();
    await books.remove();
    await db.close();
  });

  async function syncOf(user: string, count: number) {
    sessions.clear();
    const { code, stdout, stderr } = await db.cliWith({ env }, 'broker', 'sync', user, '--json');
    const [row] = JSON.parse(stdout);
    return { code, stderr, row, trips: [...sessions.values()].reduce((sum, each) => sum + each, 0), count };
  }

  it('is as much for 500 orders as for 10, and less where there is nothing new', async () => {
    const counted = [];
    for (const count of [10, 500]) {
      const user = await given.user(db, `u${count}`);
      await db.json('session', 'start', '--user', user);
      await giveBrokerDay(db, books, user, count);
      const first = await syncOf(user, count);
      expect(first).toMatchObject({ code: 0, row: { user_id: user, ...broughtDay(count) } });
      const again = await syncOf(user, count);
      expect(again).toMatchObject({ code: 0, row: { accepted: 0, fills: 0, cancelled: 0, rejected: 0 } });
      counted.push([first.trips, again.trips]);
    }
    expect(counted[1]).toEqual(counted[0]);
    expect(counted[0]?.[0]).toBeLessThan(45);
    expect(counted[0]?.[1]).toBeLessThan(12);
    await db.json('doctor', 'ledger');
  });
});
