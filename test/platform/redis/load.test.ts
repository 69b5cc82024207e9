import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { servers, type TestDatabase } from '../../helpers/databases.ts';
import { given } from '../../helpers/given.ts';
import { start } from '../../helpers/process.ts';
import { startRedis, type TestRedis } from '../../helpers/redis.ts';
import { listening, until } from '../../helpers/topologies.ts';
import { words } from '../../helpers/words.ts';

// `npm run test:failover` has 100,000.
const EVENTS = Number(process.env['PINNACLE_WATCH_EVENTS'] ?? 5_000);
const AT_ONCE = 500;
const MEGABYTES = 100;

describe.each(servers)('watching the $name', ({ open }) => {
  let db: TestDatabase;
  let redis: TestRedis;
  beforeAll(async () => {
    [db, redis] = await Promise.all([open(), startRedis()]);
    db.env['REDIS_URL'] = redis.url;
    await given.user(db, 'u');
  });
  afterAll(() => Promise.all([db?.close(), redis?.stop()]));

  it(
    `shows ${EVENTS} notifications as fast as they come, once each, and needs less than ${MEGABYTES} MB`,
    async () => {
      const { child, ended } = start(db.env, ...words('notification watch --json title'));
      let shown = 0;
      child.stdout.on('data', (chunk: Buffer) => {
        for (const byte of chunk) if (byte === 10) shown++;
      });
      await listening([redis]);
      let most = 0;
      for (let from = 0; from < EVENTS; from += AT_ONCE) {
        const { rows } = await db.query(
          `INSERT INTO notifications (notification_id, notification_type, title, message, created_at)
           SELECT 'n' || n, 'SYSTEM_ERROR', n, repeat('x', 200), clock_timestamp()
           FROM generate_series($1::int, $1::int + $2 - 1) n RETURNING notification_id`,
          [from, AT_ONCE],
        );
        const told = rows.map(
          (row) => `xadd notifications MAXLEN ~ 10000 * notification ${JSON.stringify(JSON.stringify(row))}`,
        );
        await redis.pipe(told.join('\n'));
        most = Math.max(most, residentMegabytes(child.pid));
      }
      await until(() => shown >= EVENTS, 120_000);
      child.kill('SIGTERM');
      const titles = (await ended).stdout
        .trim()
        .split('\n')
        .map((line) => Number(JSON.parse(line).title));
      expect(new Set(titles).size).toBe(EVENTS);
      expect(titles).toHaveLength(EVENTS);
      expect(most).toBeLessThan(MEGABYTES);
    },
    10 * 60_000,
  );
});

function residentMegabytes(pid: number | undefined): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;
}
