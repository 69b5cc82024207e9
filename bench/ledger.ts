// The ledger as ratios against PostgreSQL in the same run, with fsync on: `npm run bench:ledger`.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { NO_PROJECTION } from '../src/audit/after-commit.ts';
import { change } from '../src/audit/change.ts';
import type { Fill } from '../src/domain/book.ts';
import { orderId } from '../src/domain/id.ts';
import { instant } from '../src/domain/instant.ts';
import { connectServer } from '../src/platform/postgres/connect.ts';
import { bookFills } from '../src/trading/ledger/book-fills.ts';
import { findBinaries } from '../test/helpers/binaries.ts';
import { startServer } from '../test/helpers/postgres.ts';
import { atLeast, median, publish } from './publish.ts';

const USERS = 1_000;
const FILLS = Number(process.env['FILLS'] ?? 100_000);
const BATCH = Number(process.env['BATCH'] ?? 20_000);
const SINGLES = 500;
const ROUNDS = Number(process.env['ROUNDS'] ?? 3);
const TRADES = Number(process.env['TRADES'] ?? 100_000);
const LANES = Number(process.env['LANES'] ?? 2);
const SYMBOLS = ['RELIANCE', 'TCS', 'INFY', 'ITC', 'SBIN'];
const START = Date.parse('2026-01-30T03:45:00Z');

const ORIGIN = {
  command: 'bench',
  labels: {},
  dryRun: false,
  signal: new AbortController().signal,
  phase: 4 as const,
  step: 1,
  afterCommit: NO_PROJECTION,
};

const BARE_ORDERS = `
  UPDATE orders o
  SET filled_quantity = o.filled_quantity + f.quantity, updated_at = now(),
    filled_price = (o.filled_price * o.filled_quantity + f.value) / (o.filled_quantity + f.quantity),
    status = CASE WHEN o.filled_quantity + f.quantity >= o.quantity THEN 'FILLED' ELSE 'PARTIALLY_FILLED' END::order_status
  FROM (SELECT order_id, sum(quantity) AS quantity, sum(quantity * price) AS value
    FROM fills WHERE i >= $1 AND i < $2 GROUP BY order_id) f
  WHERE o.order_id = f.order_id`;

const BARE_POSITIONS = `
  INSERT INTO positions AS p (position_id, user_id, strategy_id, symbol, side, quantity, average_price, current_price,
    realized_pnl, order_id)
  SELECT o.user_id || o.symbol, o.user_id, o.strategy_id, o.symbol, 'LONG', abs(sum(f.quantity)), avg(f.price),
    (array_agg(f.price ORDER BY f.i))[count(*)], sum(f.price), min(o.order_id)
  FROM fills f JOIN orders o ON o.order_id = f.order_id WHERE f.i >= $1 AND f.i < $2
  GROUP BY o.user_id, o.strategy_id, o.symbol
  ON CONFLICT (position_id) DO UPDATE
  SET quantity = p.quantity + excluded.quantity, current_price = excluded.current_price, updated_at = now(),
    realized_pnl = p.realized_pnl + excluded.realized_pnl,
    average_price = (p.average_price * p.quantity + excluded.average_price * excluded.quantity)
      / (p.quantity + excluded.quantity)`;

const server = await startServer({ fsync: 'on', shared_buffers: '512MB', max_wal_size: '4GB' });
const admin = new pg.Client({ connectionString: server.url });
await admin.connect();
try {
  await prepare();
  const booked: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    booked.push(await onClone(bookBatches));
    bare.push(await onClone(writeBare));
  }
  const rate = FILLS / (median(booked) / 1_000);
  const share = median(bare) / median(booked);
  const single: number[] = [];
  const pgbench: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const recorded = await onClone(recordSingles);
    single.push(await onClone(bookSingles));
    pgbench.push(await onClone((url) => runPgbench(url, recorded)));
  }
  const parity = median(pgbench) / median(single);
  const imports: number[] = [];
  for (let round = 0; round < ROUNDS; round++) imports.push(await onClone(importTrades));
  publish(
    'ledger',
    `| measure | result |
| --- | ---: |
| fills booked a second, in batches of ${BATCH} | ${atLeast(Math.round(rate), 15_000, 0)} |
| speed of a batch over its bare UPDATE of orders and upsert of positions | ${atLeast(share, 0.5)} |
| speed of a single fill over pgbench sending the same statements | ${atLeast(parity, 0.8)} |
| ms a single fill, ms in pgbench | ${(median(single) / SINGLES).toFixed(2)}, ${(median(pgbench) / SINGLES).toFixed(2)} |
| trades imported a second by \`order import --as trades\`, of ${TRADES} | ${atLeast(Math.round(TRADES / (median(imports) / 1_000)), 15_000, 0)} |`,
  );
} finally {
  await admin.end();
  await server.stop();
}

function urlOf(database: string): string {
  return server.url.replace('/postgres?', `/${database}?`);
}

/** Traders with a running session and an active strategy, and the orders that the fills are of: two fills each. */
async function prepare(): Promise<void> {
  await admin.query('CREATE DATABASE book');
  execFileSync(process.execPath, ['bin/pinnacle.js', 'migrate', 'up'], {
    env: { ...process.env, DATABASE_URL: urlOf('book') },
    stdio: 'ignore',
  });
  await on(urlOf('book'), async (client) => {
    await client.query(`
      INSERT INTO users (user_id, name, email, api_key, total_capital)
      SELECT 'u' || i, 'Trader', i || '@example.com', md5(i::text), 1000000 FROM generate_series(1, ${USERS}) i;
      INSERT INTO strategies VALUES ('s', 'S', 'S', 'c', 'Low', 0, 0, 0, '["TCS"]', '{}');
      INSERT INTO user_strategies (user_id, strategy_id) SELECT user_id, 's' FROM users;
      INSERT INTO trading_sessions (session_id, user_id, capital_at_start, peak_equity)
      SELECT 'ses_' || user_id, user_id, total_capital, total_capital FROM users;
      INSERT INTO orders (order_id, user_id, strategy_id, symbol, side, order_type, quantity, price, status, created_at)
      SELECT 'ord_' || lpad(i::text, 8, '0'), 'u' || (1 + i % ${USERS}), 's',
        (ARRAY['${SYMBOLS.join("','")}'])[1 + (i / ${USERS}) % ${SYMBOLS.length}],
        (CASE WHEN (i / ${USERS * SYMBOLS.length}) % 2 = 0 THEN 'BUY' ELSE 'SELL' END)::order_side, 'LIMIT', 20, 100,
        'PLACED', '2026-01-30 03:45:00'
      FROM generate_series(0, ${FILLS / 2 - 1}) i`);
    await client.query('VACUUM ANALYZE');
  });
}

async function on<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, options: '-c TimeZone=UTC' });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Runs on a fresh copy of the prepared book. */
async function onClone<T>(work: (url: string) => Promise<T>): Promise<T> {
  await admin.query('CREATE DATABASE clone TEMPLATE book');
  await admin.query('CHECKPOINT');
  try {
    return await work(urlOf('clone'));
  } finally {
    await admin.query('DROP DATABASE clone WITH (FORCE)');
  }
}

/** The fills in time order: each order is filled in two halves, at prices that walk. */
function fillAt(i: number): Fill {
  const order = Math.floor(i / 2);
  const executed_at = instant(new Date(START + i));
  return {
    order_id: orderId.parse(`ord_${String(order).padStart(8, '0')}`),
    broker_fill_id: `b${i}`,
    quantity: 10,
    price: 100 + ((order * 7 + i) % 200) / 20,
    executed_at,
    booked_at: executed_at,
  };
}

function batches(size: number, total: number): Fill[][] {
  return Array.from({ length: Math.ceil(total / size) }, (_, b) =>
    Array.from({ length: Math.min(size, total - b * size) }, (_, i) => fillAt(b * size + i)),
  );
}

interface Statement {
  text: string;
  values: unknown[];
}

async function book(url: string, all: readonly Fill[][]): Promise<number> {
  const connection = connectServer(url, { applicationName: 'bench', poolSize: 1, statementTimeoutMs: 0 });
  try {
    await change(connection, ORIGIN, async () => ({ result: null, audit: null }));
    const started = process.hrtime.bigint();
    for (const fills of all)
      await change(connection, ORIGIN, async (trx) => {
        const { duplicates } = await bookFills(trx, fills);
        return { result: null, audit: { target: 'fills', body: { fills: fills.length, duplicates } } };
      });
    return Number(process.hrtime.bigint() - started) / 1e6;
  } finally {
    await connection.close();
  }
}

/** Each lane has its own traders and its own connection, so that one folds while the server writes for the other. */
async function bookBatches(url: string): Promise<number> {
  const all = batches(BATCH, FILLS).flatMap((fills) => lanesOf(fills));
  const started = process.hrtime.bigint();
  await Promise.all(
    Array.from({ length: LANES }, (_, lane) =>
      book(
        url,
        all.filter((_, i) => i % LANES === lane),
      ),
    ),
  );
  return Number(process.hrtime.bigint() - started) / 1e6;
}

function lanesOf(fills: readonly Fill[]): Fill[][] {
  return Array.from({ length: LANES }, (_, lane) =>
    fills.filter((fill) => (Number(fill.order_id.slice(4)) % USERS) % LANES === lane),
  );
}

function bookSingles(url: string): Promise<number> {
  return book(url, batches(1, SINGLES));
}

/** The statements of booking single fills, as they go out. */
async function recordSingles(url: string): Promise<Statement[]> {
  const record: Statement[] = [];
  const send = pg.Client.prototype.query;
  pg.Client.prototype.query = function (this: pg.Client, text: string, values?: unknown[]) {
    record.push({ text, values: values ?? [] });
    return (send as unknown as (text: string, values?: unknown[]) => unknown).call(this, text, values);
  } as unknown as typeof send;
  try {
    await bookSingles(url);
  } finally {
    pg.Client.prototype.query = send;
  }
  return record;
}

/** What the same batches do to orders and positions, written as set-based SQL by hand from a table of fills. */
async function writeBare(url: string): Promise<number> {
  return on(url, async (client) => {
    await client.query(
      'CREATE UNLOGGED TABLE fills (i int PRIMARY KEY, order_id text, quantity int, price float8)',
    );
    for (const [b, fills] of batches(BATCH, FILLS).entries())
      await client.query(
        'INSERT INTO fills SELECT * FROM unnest($1::int[], $2::text[], $3::int[], $4::float8[])',
        [
          fills.map((_, i) => b * BATCH + i),
          fills.map((fill) => fill.order_id),
          fills.map((fill) => fill.quantity),
          fills.map((fill) => fill.price),
        ],
      );
    await client.query('ANALYZE fills');
    const started = process.hrtime.bigint();
    for (let from = 0; from < FILLS; from += BATCH) {
      await client.query('BEGIN');
      await client.query(BARE_ORDERS, [from, from + BATCH]);
      await client.query(BARE_POSITIONS, [from, from + BATCH]);
      await client.query('COMMIT');
    }
    return Number(process.hrtime.bigint() - started) / 1e6;
  });
}

/** A file of trades of one user in five symbols, as a process. */
async function importTrades(url: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-bench-'));
  try {
    const path = join(folder, 'trades.csv');
    const rows = Array.from({ length: TRADES }, (_, i) => {
      const { price, executed_at } = fillAt(i);
      const symbol = SYMBOLS[(i * 7) % SYMBOLS.length];
      return `t${i},${symbol},${(i * 31) % 64 < 32 ? 'BUY' : 'SELL'},${1 + (i % 50)},${price},${executed_at}`;
    });
    writeFileSync(path, ['trade_id,symbol,side,quantity,price,executed_at', ...rows, ''].join('\n'));
    const started = process.hrtime.bigint();
    execFileSync(
      process.execPath,
      ['bin/pinnacle.js', 'order', 'import', path, '--as', 'trades', '--user', 'u1'],
      {
        env: { ...process.env, DATABASE_URL: url, PINNACLE_TIMEOUT: '10m' },
        stdio: 'ignore',
      },
    );
    return Number(process.hrtime.bigint() - started) / 1e6;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runPgbench(url: string, statements: readonly Statement[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'pinnacle-pgbench-'));
  try {
    writeFileSync(join(folder, 'fills.sql'), statements.map(inline).join('\n'));
    const out = execFileSync(
      join(findBinaries() ?? '', 'pgbench'),
      ['-n', '-t', '1', '-M', 'extended', '-f', join(folder, 'fills.sql'), url],
      { encoding: 'utf8', env: { ...process.env, PGOPTIONS: '-c TimeZone=UTC' } },
    );
    return Number(/latency average = ([\d.]+) ms/.exec(out)?.[1]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A statement with its values written into it, as a line of a script. */
function inline({ text, values }: Statement): string {
  const written = text.replace(/\$(\d+)/g, (_, n) => literal(values[Number(n) - 1]));
  return `${written.replace(/\s+/g, ' ')};`;
}

function literal(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  const text = Array.isArray(value)
    ? `{${value.map((v) => (v === null ? 'NULL' : `"${String(v)}"`)).join(',')}}`
    : String(value);
  return `'${text.replaceAll("'", "''")}'`;
}
