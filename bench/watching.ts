// How soon a watcher sees what is committed, and how much memory it takes; part of `npm run bench:realtime`.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { change } from '../src/audit/change.ts';
import { instant } from '../src/domain/instant.ts';
import { connectServer } from '../src/platform/postgres/connect.ts';
import { openRedis } from '../src/platform/redis/connect.ts';
import { openAfterCommit } from '../src/projection/after-commit.ts';
import { insertNotifications } from '../src/trading/notifications/notify.ts';
import { startServer } from '../test/helpers/postgres.ts';
import { startRedis } from '../test/helpers/redis.ts';
import { publish } from './publish.ts';

const COMMITS = Number(process.env['COMMITS'] ?? 500);
const EVENTS = Number(process.env['EVENTS'] ?? 100_000);
const AT_ONCE = 500;

const [server, redis] = await Promise.all([startServer({ fsync: 'on' }), startRedis()]);
const env = { ...process.env, DATABASE_URL: server.url, REDIS_URL: redis.url };
execFileSync(process.execPath, ['bin/pinnacle.js', 'migrate', 'up'], { env, stdio: 'ignore' });
const watcher = spawn(process.execPath, ['bin/pinnacle.js', 'notification', 'watch', '--json', 'title'], {
  env,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const seen = new Map<string, bigint>();
createInterface({ input: watcher.stdout }).on('line', (line) => {
  seen.set(JSON.parse(line).title, process.hrtime.bigint());
});
try {
  const delays = (await measureDelays()).sort((a, b) => a - b);
  const [p50, p99] = [0.5, 0.99].map((share) => delays[Math.floor(delays.length * share)] ?? Number.NaN);
  const megabytes = await measureMemory(watcher);
  publish(
    'watching',
    `| measure | result | demanded |
| --- | ---: | ---: |
| ms from a commit to the watcher's line, p50 of ${COMMITS} | ${p50?.toFixed(1)} | |
| the same, p99 | ${p99?.toFixed(1)} | less than 20 |
| MB that the watcher holds after ${EVENTS} events | ${megabytes.toFixed(0)} | less than 100 |`,
  );
  process.exitCode = (p99 ?? 0) < 20 && megabytes < 100 ? 0 : 6;
} finally {
  watcher.kill('SIGKILL');
  await redis.stop();
  await server.stop();
}

/** Milliseconds from each commit to its line. */
async function measureDelays(): Promise<number[]> {
  const connection = connectServer(server.url, {
    applicationName: 'bench',
    poolSize: 2,
    statementTimeoutMs: 0,
  });
  const settings = { url: redis.url, sentinels: undefined, cluster: undefined, master: '', ca: undefined };
  const open = await openRedis({ ...settings, prefix: '', timeoutMs: 2_000 }, 'bench');
  const projector = openAfterCommit(
    { ...settings, prefix: '', timeoutMs: 2_000 },
    async () => open,
    () => new Date(),
  );
  const committed = new Map<string, bigint>();
  const send = async (title: string) => {
    const options = {
      command: 'notification send',
      labels: {},
      dryRun: false,
      signal: new AbortController().signal,
      phase: 4 as const,
      step: 1,
      afterCommit: {
        ...projector,
        project(...given: Parameters<typeof projector.project>) {
          committed.set(title, process.hrtime.bigint());
          return projector.project(...given);
        },
      },
    };
    await change(connection, options, async (trx) => {
      const notice = {
        user_id: null,
        notification_type: 'SYSTEM_ERROR' as const,
        alert_level: 'INFO' as const,
      };
      const [id = ''] = await insertNotifications(trx, instant(new Date()), [
        { ...notice, title, message: 'm', data: {} },
      ]);
      return { result: null, audit: { target: `notification ${id}`, body: {} } };
    });
  };
  // Until it is seen that the watcher follows.
  for (let i = 0; !seen.has('warm'); i++) {
    if (i > 100) throw new Error('the watcher shows nothing');
    await send('warm');
    await sleep(100);
  }
  for (let i = 0; i < COMMITS; i++) await send(`n${i}`);
  while (seen.size < COMMITS + 1) await sleep(5);
  open.close();
  await connection.close();
  return [...committed]
    .filter(([title]) => title !== 'warm')
    .map(([title, at]) => Number((seen.get(title) ?? 0n) - at) / 1e6);
}

/** Resident megabytes of the watcher once it has shown many events, sent as fast as they go. */
async function measureMemory({ pid }: ChildProcess): Promise<number> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  for (let from = 0; from < EVENTS; from += AT_ONCE) {
    const { rows } = await client.query(
      `INSERT INTO notifications (notification_id, notification_type, title, message, created_at)
       SELECT 'n' || n, 'SYSTEM_ERROR', 'e' || n, repeat('x', 200), clock_timestamp()
       FROM generate_series($1::int, $1::int + $2 - 1) n RETURNING notification_id`,
      [from, AT_ONCE],
    );
    const told = rows.map(
      (row) => `xadd notifications MAXLEN ~ 10000 * notification ${JSON.stringify(JSON.stringify(row))}`,
    );
    await redis.pipe(told.join('\n'));
  }
  while (!seen.has(`e${EVENTS - 1}`)) await sleep(20);
  await client.end();
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024;
}
