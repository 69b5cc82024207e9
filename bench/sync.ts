// What `broker sync --all` costs beside the broker, whose books are files here; fsync on. `npm run bench:sync`.

import { execFileSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import pg from 'pg';
import { savedBooks } from '../test/commands/reconcile/saved-books.ts';
import { broughtDay, giveBrokerDay } from '../test/helpers/broker-day.ts';
import { startServer } from '../test/helpers/postgres.ts';
import { atMost, publish } from './publish.ts';

const TRADERS = Number(process.env['TRADERS'] ?? 20);
const ORDERS = Number(process.env['ORDERS'] ?? 5_000);

const server = await startServer({ fsync: 'on', shared_buffers: '512MB', max_wal_size: '4GB' });
const books = savedBooks();
const admin = new pg.Client({ connectionString: server.url });
await admin.connect();
try {
  const day = await measure('day', ORDERS / TRADERS);
  const each = await measure('each', ORDERS);
  const rows = [
    [`${ORDERS} orders of ${TRADERS} traders, all of them news`, atMost(day.first, 3, 1)],
    ['the same again: nothing is new', atMost(day.again, 3, 1)],
    [`${ORDERS} orders of each of ${TRADERS} traders, all of them news`, each.first.toFixed(1)],
    ['the same again: nothing is new', atMost(each.again, 3, 1)],
  ];
  publish(
    'sync',
    `| \`broker sync --all\` | s |\n| --- | ---: |\n${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}`,
  );
} finally {
  await admin.end();
  await server.stop();
  await books.remove();
}

/** Seconds of a sync of so many orders of each trader, and of one after it. */
async function measure(name: string, orders: number) {
  await admin.query(`CREATE DATABASE ${name}`);
  const url = server.url.replace('/postgres?', `/${name}?`);
  const env = { ...process.env, ...books.env, DATABASE_URL: url };
  execFileSync(process.execPath, ['bin/pinnacle.js', 'migrate', 'up'], { env, stdio: 'ignore' });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (let i = 0; i < TRADERS; i++) {
      await client.query('INSERT INTO users (user_id, name, email, api_key) VALUES ($1, $1, $1, $1)', [
        `${name}${i}`,
      ]);
      await giveBrokerDay(client, books, `${name}${i}`, orders);
    }
    await client.query('VACUUM ANALYZE');
  } finally {
    await client.end();
  }
  const sync = () => {
    const start = performance.now();
    const out = execFileSync(
      process.execPath,
      ['bin/pinnacle.js', 'broker', 'sync', '--all', '--json', '--timeout', '10m'],
      {
        env,
        encoding: 'utf8',
      },
    );
    return { seconds: (performance.now() - start) / 1_000, fills: JSON.parse(out)[0].fills };
  };
  const first = sync();
  if (first.fills !== broughtDay(orders).fills) throw new Error(`${first.fills} fills were booked`);
  return { first: first.seconds, again: sync().seconds };
}
