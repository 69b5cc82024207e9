// Partitioning a long history while others write to it: `npm run bench:partitions`.
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { mintId } from '../src/domain/id.ts';
import { cli } from '../test/helpers/cli.ts';
import { runSql, startServer } from '../test/helpers/postgres.ts';
import { fillBook, HEAVY } from '../test/helpers/scale.ts';
import { publish } from './publish.ts';

const ORDERS = Number(process.env['ORDERS'] ?? 5_000_000);
const MONTH = Number(process.env['MONTH'] ?? 200_000);
const CLIENTS = 4;
const MOST_MS = 100;

interface Client {
  longest: number;
  placed: string[];
  failed: string[];
}

const server = await startServer({
  fsync: 'on',
  shared_buffers: '2GB',
  maintenance_work_mem: '512MB',
  max_wal_size: '8GB',
});
try {
  await fillBook(server.url, ORDERS);
  await runSql(
    server.url,
    `INSERT INTO users (user_id, name, email, api_key)
     SELECT 'client_' || i, 'C', 'c' || i || '@example.com', 'c' || i FROM generate_series(1, ${CLIENTS}) i`,
  );
  const stop = new AbortController();
  const writers = Array.from({ length: CLIENTS }, (_, i) => write(`client_${i + 1}`, stop.signal));
  await sleep(2_000);
  const began = performance.now();
  const steps = await pinnacle<{ step: string; attempts: number; locked_ms: number }[]>(
    ...['partition', 'enable', 'orders', '--yes'],
  ).catch(async (error) => {
    stop.abort();
    await Promise.all(writers);
    throw error;
  });
  const took = performance.now() - began;
  await sleep(2_000);
  stop.abort();
  const clients = await Promise.all(writers);
  const lost = await lostOf(clients);
  const failed = clients.flatMap((client) => client.failed);
  const placed = clients.reduce((sum, client) => sum + client.placed.length, 0);
  const longest = Math.max(...clients.map((client) => client.longest));
  const locked = Math.max(...steps.map((step) => step.locked_ms ?? 0));
  const attempts = steps.find(({ step }) => step === 'switch')?.attempts;

  const [, month] = await pinnacle<{ partition: string; first_id: string; end_id: string; since: string }[]>(
    'partition',
    'status',
  );
  if (!month) throw new Error('there is no month');
  await runSql(
    server.url,
    `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, created_at)
     SELECT '${month.first_id}' || lpad(i::text, 16, '0'), '${HEAVY}', 'ITC', 'BUY', 'LIMIT', 1, 1,
       timestamp '${month.since}' + make_interval(secs => i) FROM generate_series(1, ${MONTH}) i`,
    'VACUUM ANALYZE orders',
  );
  const byTime = await aggregate(
    `created_at >= timestamp '${month.since}' AND created_at < timestamp '${month.since}' + interval '1 month'`,
  );
  const byId = await aggregate(`order_id >= '${month.first_id}' AND order_id < '${month.end_id}'`);
  const elsewhere = (plan: Scan[]) => plan.filter(({ table }) => table !== month.partition);
  const sum = (plan: Scan[], of: 'rows' | 'pages') => plan.reduce((total, scan) => total + scan[of], 0);
  const limits: [string, number, number][] = [
    ['exclusive lock, ms', locked, MOST_MS],
    ['orders and fills lost', lost, 0],
    ['writes refused', failed.length, 0],
    ['partitions of other months in the plan of a month of ids', elsewhere(byId).length, 0],
    ['orders read in other partitions for a month of created_at', sum(elsewhere(byTime), 'rows'), 0],
  ];
  publish(
    'partitions',
    [
      `${ORDERS} orders, ${CLIENTS} clients that wrote ${placed} orders with their fills meanwhile; enable took ${(took / 1000).toFixed(1)} s, its switch ${attempts} ${attempts === 1 ? 'try' : 'tries'}.\n`,
      '| | measured | at most |\n| --- | ---: | ---: |',
      ...limits.map(([what, measured, most]) => `| ${what} | ${measured} | ${most} |`),
      `| longest time of one write, ms | ${longest.toFixed(0)} | |`,
      `| pages of the month's partition for a month of created_at | ${sum(byTime, 'pages') - sum(elsewhere(byTime), 'pages')} | |`,
      `| pages of all other partitions, which are the ways down their indexes | ${sum(elsewhere(byTime), 'pages')} | |`,
    ].join('\n'),
  );
  for (const reason of new Set(failed)) console.error(reason);
  process.exitCode = limits.some(([, measured, most]) => measured > most) ? 6 : 0;
} finally {
  await server.stop();
}

async function pinnacle<T>(...argv: string[]): Promise<T> {
  const { code, stdout, stderr } = await cli([...argv, '--json'], { env: { DATABASE_URL: server.url } });
  if (code !== 0) throw new Error(`pinnacle ${argv.join(' ')} ended ${code}: ${stderr}`);
  return JSON.parse(stdout);
}

/** Writes as a fill does, order by order: the trader's row, the order, a position opened by it, the fill. */
async function write(user: string, signal: AbortSignal): Promise<Client> {
  const client = new pg.Client({ connectionString: server.url });
  // Where the benchmark itself fails, the server ends before its clients.
  client.on('error', () => {});
  await client.connect();
  const done: Client = { longest: 0, placed: [], failed: [] };
  while (!signal.aborted) {
    const at = new Date();
    const [order, position, fill] = [mintId('ord', at), mintId('pos', at), mintId('fil', at)];
    const began = performance.now();
    try {
      await client.query('BEGIN');
      await client.query('SELECT FROM users WHERE user_id = $1 FOR UPDATE', [user]);
      await client.query(
        `INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price)
         VALUES ($1, $2, 'ITC', 'BUY', 'LIMIT', 1, 1)`,
        [order, user],
      );
      await client.query(
        `INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price, strategy_id, order_id)
         VALUES ($1, $2, 'ITC', 'LONG', 1, 1, 1, $1, $3)`,
        [position, user, order],
      );
      await client.query(
        `INSERT INTO order_fills (fill_id, order_id, broker_fill_id, quantity, price, executed_at, position_id)
         VALUES ($1, $2, $1, 1, 1, now(), $3)`,
        [fill, order, position],
      );
      await client.query(`UPDATE orders SET status = 'FILLED', filled_quantity = 1 WHERE order_id = $1`, [
        order,
      ]);
      await client.query('UPDATE users SET total_capital = total_capital - 1 WHERE user_id = $1', [user]);
      await client.query('COMMIT');
      done.placed.push(order);
    } catch (error) {
      await client.query('ROLLBACK');
      done.failed.push((error as Error).message);
    }
    done.longest = Math.max(done.longest, performance.now() - began);
  }
  await client.end();
  return done;
}

/** What was committed and is not there, and what is there of an old order and was not before. */
async function lostOf(clients: readonly Client[]): Promise<number> {
  let lost = 0;
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  const found = await client.query(
    `SELECT count(*) AS n FROM unnest($1::text[]) id JOIN orders o ON o.order_id = id AND o.status = 'FILLED'
     JOIN order_fills f USING (order_id) JOIN positions p ON p.order_id = id`,
    [clients.flatMap(({ placed }) => placed)],
  );
  const all = await client.query("SELECT count(*) AS n FROM orders WHERE user_id !~ '^client_'");
  await client.end();
  lost += clients.reduce((sum, { placed }) => sum + placed.length, 0) - Number(found.rows[0].n);
  return lost + ORDERS - Number(all.rows[0].n);
}

interface Scan {
  table: string;
  rows: number;
  pages: number;
}

async function aggregate(where: string): Promise<Scan[]> {
  const rows = await runSql(
    server.url,
    `EXPLAIN (ANALYZE, BUFFERS, TIMING off, FORMAT json) SELECT status, count(*), sum(quantity * price) FROM orders WHERE ${where} GROUP BY 1`,
  );
  const [plan] = (rows as { 'QUERY PLAN': { Plan: Node }[] }[]).flatMap((row) => row['QUERY PLAN']);
  if (!plan) throw new Error('there is no plan');
  return scansOf(plan.Plan);
}

interface Node {
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: Node[];
}

function scansOf(node: Node): Scan[] {
  const table = node['Relation Name'];
  // What is beneath a scan, as the index of a bitmap, is counted in it.
  if (!table) return (node.Plans ?? []).flatMap(scansOf);
  const rows = node['Actual Rows'] * node['Actual Loops'];
  return [{ table, rows, pages: node['Shared Hit Blocks'] + node['Shared Read Blocks'] }];
}
