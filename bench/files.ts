// Orders in and out of files, against psql with the same file: `npm run bench:files`.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { instant } from '../src/domain/instant.ts';
import { runSql, startServer } from '../test/helpers/postgres.ts';
import { atMost, publish } from './publish.ts';

const ORDERS = Number(process.env['ORDERS'] ?? 1_000_000);
const ROUNDS = Number(process.env['ROUNDS'] ?? 3);
const BAD = 10_000;
const COLUMNS =
  'order_id,user_id,strategy_id,symbol,side,order_type,quantity,price,filled_quantity,filled_price,status,broker_order_id,' +
  'error_message,retry_count,created_at,updated_at';
const USERS = 100;

interface Cost {
  seconds: number;
  /** The most memory that the process held, in MB. */
  memory: number;
}

const server = await startServer({ fsync: 'on', shared_buffers: '512MB', max_wal_size: '4GB' });
const folder = mkdtempSync(join(tmpdir(), 'pinnacle-bench-'));
const path = (name: string) => join(folder, name);
const { NODE_EXTRA_CA_CERTS, ...surroundings } = process.env;
const env = { ...surroundings, DATABASE_URL: server.url, HOME: folder, XDG_CACHE_HOME: folder };
try {
  execFileSync(process.execPath, ['bin/pinnacle.js', 'migrate', 'up'], { env, stdio: 'ignore' });
  await runSql(
    server.url,
    `INSERT INTO users (user_id, name, email, api_key)
     SELECT 'trader_' || i, 'Trader', i || '@example.com', md5(i::text) FROM generate_series(0, ${USERS - 1}) i`,
  );
  await write('good.csv', 0);
  await write('bad.csv', BAD);
  const clear = () => runSql(server.url, 'TRUNCATE orders CASCADE', 'VACUUM', 'CHECKPOINT');
  const copyIn = `\\copy orders (${COLUMNS}) FROM '${path('good.csv')}' WITH (FORMAT csv, HEADER, FORCE_NOT_NULL (broker_order_id, error_message))`;
  const into = {
    psql: () => psql(copyIn),
    plain: () => pinnacle('order', 'import', path('good.csv'), '--as', 'orders'),
    fast: () => pinnacle('order', 'import', path('good.csv'), '--as', 'orders', '--fast'),
  };
  const imports = await rounds(into, clear);
  const rows = `SELECT ${COLUMNS} FROM orders`;
  const copyOut = `\\copy (${rows}) TO '${path('psql.csv')}' WITH (FORMAT csv, HEADER)`;
  const exports = await rounds(
    {
      csv: () => psql(copyOut),
      // psql leaves the file to the cache of the system; an export is on the disk when it ends.
      csvKept: () => psql(copyOut, path('psql.csv')),
      jsonKept: () =>
        psql(`\\copy (SELECT row_to_json(o) FROM (${rows}) o) TO '${path('psql.json')}'`, path('psql.json')),
      ourCsv: () => pinnacle('order', 'export', '--output', path('our.csv'), '--force'),
      ourJson: () =>
        pinnacle('order', 'export', '--format', 'ndjson', '--output', path('our.json'), '--force'),
    },
    async () => {},
  );
  await clear();
  const rejects = path('rejects.csv');
  await pinnacle('order', 'import', path('bad.csv'), '--as', 'orders', '--keep-going', '--rejects', rejects);
  const [{ n: kept } = {}] = await runSql(server.url, 'SELECT count(*)::int AS n FROM orders');
  const listed = readFileSync(rejects, 'utf8').trim().split('\n').length - 1;

  const row = (name: string, cost: Cost, base: Cost, limits?: { ratio: number; memory: number }) => {
    const ratio = cost.seconds / base.seconds;
    const shown = limits
      ? [atMost(ratio, limits.ratio), atMost(cost.memory, limits.memory, 0)]
      : [ratio.toFixed(2), ''];
    return `| ${[name, cost.seconds.toFixed(1), ...shown].join(' | ')} |`;
  };
  const size = (statSync(path('good.csv')).size / 1e6).toFixed(0);
  publish(
    'files',
    [
      `| ${ORDERS} orders, ${size} MB, median of ${ROUNDS} | s | times psql | MB of memory |\n| --- | ---: | ---: | ---: |`,
      row('psql `\\copy` from', imports.psql, imports.psql),
      row('`order import --as orders`', imports.plain, imports.psql, { ratio: 1.05, memory: 200 }),
      row('the same with `--fast`', imports.fast, imports.psql, { ratio: 0.45, memory: 200 }),
      row('psql `\\copy` to, which leaves the file to the cache', exports.csv, exports.csvKept),
      row('psql `\\copy` to, and `sync`', exports.csvKept, exports.csvKept),
      row('`order export`', exports.ourCsv, exports.csvKept, { ratio: 1.05, memory: 130 }),
      row('psql `\\copy (SELECT row_to_json …)` to, and `sync`', exports.jsonKept, exports.jsonKept),
      row('`order export --format ndjson`', exports.ourJson, exports.jsonKept, { ratio: 1, memory: 130 }),
      `\nOf a file with ${BAD} bad lines among ${ORDERS}, ${listed} were listed and ${kept} orders are in the table.`,
    ].join('\n'),
  );
  if (kept !== ORDERS - BAD || listed !== BAD) process.exitCode = 6;
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

/** A file of orders, every so many of which is bad. */
async function write(name: string, bad: number): Promise<void> {
  const file = createWriteStream(path(name));
  file.write(`${COLUMNS}\n`);
  for (let i = 0; i < ORDERS; i++) {
    const at = instant(new Date(1.6e12 + i * 90_000));
    const side = bad > 0 && i % (ORDERS / bad) === 0 ? 'HOLD' : 'BUY';
    const line = `ord_${String(i).padStart(26, '0')},trader_${(i * 7919) % USERS},strategy_${i % 20},SYM${i % 200},${side},LIMIT,10,${100 + (i % 50)}.5,10,${100 + (i % 50)}.25,FILLED,B${i},,0,${at},${at}\n`;
    if (!file.write(line)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}

/** The medians of several ways to do something, in turns, each after `before`. */
async function rounds<N extends string>(
  ways: Record<N, () => Promise<Cost>>,
  before: () => Promise<unknown>,
): Promise<Record<N, Cost>> {
  const names = Object.keys(ways) as N[];
  const costs = Object.fromEntries(names.map((name) => [name, [] as Cost[]])) as Record<N, Cost[]>;
  for (let round = 0; round < ROUNDS; round++)
    for (const name of names) {
      await before();
      costs[name].push(await ways[name]());
    }
  const median = (all: Cost[]) =>
    all.sort((a, b) => a.seconds - b.seconds)[Math.floor(all.length / 2)] as Cost;
  return Object.fromEntries(names.map((name) => [name, median(costs[name])])) as Record<N, Cost>;
}

/** Runs a command of psql, and writes a file to the disk then. */
async function psql(command: string, file?: string): Promise<Cost> {
  const cost = await run('psql', ['-X', '-q', server.url, '-c', command]);
  return file ? { ...cost, seconds: cost.seconds + (await run('sync', [file])).seconds } : cost;
}

function pinnacle(...argv: string[]): Promise<Cost> {
  return run(process.execPath, ['bin/pinnacle.js', ...argv]);
}

/** Runs a program to its end; 6 is the end of an import that rejected something. */
async function run(program: string, argv: string[]): Promise<Cost> {
  const started = performance.now();
  const child = spawn(program, argv, { env, stdio: ['ignore', 'ignore', 'ignore'] });
  let memory = 0;
  const watch = setInterval(() => {
    memory = Math.max(memory, peakOf(child.pid));
  }, 20);
  const [code] = await once(child, 'exit');
  clearInterval(watch);
  if (code !== 0 && code !== 6) throw new Error(`${program} ${argv.join(' ')} ended ${code}`);
  return { seconds: (performance.now() - started) / 1_000, memory };
}

/** The most memory that a process has held, in MB, as the kernel counts it. */
function peakOf(pid: number | undefined): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1_024;
  } catch {
    return 0;
  }
}
