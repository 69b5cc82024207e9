import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { startProxy } from '../../fault/proxy.ts';
import { postgresReader } from '../../fault/wire.ts';
import { servers } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { words } from '../../helpers/words.ts';

const READY = 'Z'.charCodeAt(0);

/** A table of docs/performance.md: the sessions and round trips of each command. */
const tableOf = (name: string, tty: boolean) =>
  [
    ...(readFileSync('docs/performance.md', 'utf8').split(`<!-- ${name} -->`)[1] ?? '')
      .replace(/<!-- \/[\s\S]*$/, '')
      .matchAll(/^\| `([^`]+)` \| (\d+) \| (\d+) \|$/gm),
  ].map(([, line = '', sessions, trips]) => ({
    line,
    tty,
    sessions: Number(sessions),
    trips: Number(trips),
  }));
const TABLE = [...tableOf('round trips', false), ...tableOf('round trips of pages', true)];

describe.each(servers)('round trips to $name', ({ open }) => {
  it('are as many as docs/performance.md says', async () => {
    const db = await open();
    const url = String(db.env['DATABASE_URL']).replace('@/', '@localhost/');
    const { pathname, searchParams } = new URL(url);
    const sessions = new Map<unknown, number>();
    const proxy = await startProxy(
      { path: `${searchParams.get('host')}/.s.PGSQL.${searchParams.get('port') ?? 5432}` },
      { client: () => postgresReader('frontend'), server: () => postgresReader('backend') },
      (message, from, line) => {
        if (from === 'server' && message[0] === READY) sessions.set(line, (sessions.get(line) ?? -1) + 1);
      },
    );
    try {
      await given.user(db, 'u');
      for (const line of [
        'strategy add --strategy-id s --name S --description S --category c --risk-level low --min-capital 1 --expected-return 1 --max-drawdown 1 --symbols TCS --parameters {}',
        'strategy activate s --user u',
        'session start --user u',
        'risk set u MAX_ORDERS_PER_DAY 100',
        'order place --order-id o --user u --symbol TCS --side BUY --type LIMIT --quantity 10 --price 100 --strategy s',
      ])
        expect({ line, ...(await db.cli(...words(line))) }).toMatchObject({ line, code: 0 });
      const env = { DATABASE_URL: `postgres://postgres@127.0.0.1:${proxy.port}${pathname}` };
      const counted = [];
      for (const { line, tty } of TABLE) {
        sessions.clear();
        expect({ line, ...(await db.cliWith({ env, tty }, ...words(line))) }).toMatchObject({
          line,
          code: 0,
        });
        const trips = [...sessions.values()].reduce((sum, each) => sum + each, 0);
        counted.push({ line, tty, sessions: sessions.size, trips });
      }
      expect(counted).toEqual(TABLE);
      expect(counted.length).toBeGreaterThan(8);
    } finally {
      await proxy.close();
      await db.close();
    }
  });
});
