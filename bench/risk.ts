// `risk check` of every trader as a ratio against its own statement in psql: `npm run bench:risk`.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { NO_PROJECTION } from '../src/audit/after-commit.ts';
import { change } from '../src/audit/change.ts';
import { instant } from '../src/domain/instant.ts';
import { connectServer } from '../src/platform/postgres/connect.ts';
import { evaluateAllRules } from '../src/trading/risk/evaluate-rules.ts';
import { startOfDay } from '../src/util/time.ts';
import { findBinaries } from '../test/helpers/binaries.ts';
import { startServer } from '../test/helpers/postgres.ts';
import { atMost, publish } from './publish.ts';

const USERS = Number(process.env['USERS'] ?? 10_000);
const ORDERS = Number(process.env['ORDERS'] ?? 5_000_000);
const DAYS = Number(process.env['DAYS'] ?? 20);
const ROUNDS = Number(process.env['ROUNDS'] ?? 9);
const TARGET = 1.2;
const MOST_MS = { all: 1500, few: 400 };
const NOW = new Date();
const DAY_START = instant(startOfDay(NOW, 'Asia/Kolkata'));
const CLOCK = { now: instant(NOW), dayStart: DAY_START, staleBefore: DAY_START };

const server = await startServer({ fsync: 'on', shared_buffers: '512MB', max_wal_size: '8GB' });
const folder = mkdtempSync(join(tmpdir(), 'pinnacle-bench-'));
const env = {
  ...process.env,
  DATABASE_URL: server.url,
  HOME: folder,
  PGOPTIONS: '-c TimeZone=UTC',
  PINNACLE_TIMEOUT: '10m',
};
const client = new pg.Client({ connectionString: server.url, options: '-c TimeZone=UTC' });
await client.connect();
try {
  await prepare();
  const script = join(folder, 'check.sql');
  writeFileSync(script, `BEGIN;\n${(await recordStatements()).join(';\n')};\nCOMMIT;\n`);
  const check = { program: process.execPath, argv: ['bin/pinnacle.js', 'risk', 'check'], exit: 6 };
  const bare = {
    program: join(findBinaries() ?? '', 'psql'),
    argv: ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-f', script, server.url],
    exit: 0,
  };
  const cases = [
    {
      name: 'the statement in psql, every value moved',
      run: bare,
      move: moveEverything,
      times: [] as number[],
    },
    { name: '`risk check`, every value moved', run: check, move: moveEverything, times: [] as number[] },
    {
      name: 'the statement in psql, one in a hundred moved',
      run: bare,
      move: moveFew,
      times: [] as number[],
    },
    { name: '`risk check`, one in a hundred moved', run: check, move: moveFew, times: [] as number[] },
  ];
  for (let round = -1; round < ROUNDS; round++)
    for (const { run, move, times } of cases) {
      await move();
      const started = process.hrtime.bigint();
      const { status } = spawnSync(run.program, run.argv, {
        env,
        stdio: ['ignore', 'pipe', 'ignore'],
        maxBuffer: 1e9,
      });
      const ms = Number(process.hrtime.bigint() - started) / 1e6;
      if (status !== run.exit) throw new Error(`${run.program} ${run.argv.join(' ')} ended ${status}`);
      if (round >= 0) times.push(ms);
    }
  const [allBare, all, fewBare, few] = cases.map(({ times }) => median(times)) as [
    number,
    number,
    number,
    number,
  ];
  const row = (name: string, ms: string, ratio: string) => `| ${name} | ${ms} | ${ratio} |`;
  publish(
    'risk',
    [
      `| ${USERS} users, ${USERS * 5} rules, ${ORDERS} orders | median ms | times psql |\n| --- | ---: | ---: |`,
      row(cases[0]?.name ?? '', allBare.toFixed(0), '1.00'),
      row(cases[1]?.name ?? '', atMost(all, MOST_MS.all, 0), atMost(all / allBare, TARGET)),
      row(cases[2]?.name ?? '', fewBare.toFixed(0), '1.00'),
      row(cases[3]?.name ?? '', atMost(few, MOST_MS.few, 0), (few / fewBare).toFixed(2)),
    ].join('\n'),
  );
  process.exitCode = all / allBare <= TARGET && all <= MOST_MS.all && few <= MOST_MS.few ? 0 : 6;
} finally {
  await client.end();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Traders with five rules, ten open positions, a session, and as many orders a day as the other; some break a rule. */
async function prepare(): Promise<void> {
  execFileSync(process.execPath, ['bin/pinnacle.js', 'migrate', 'up'], { env, stdio: 'ignore' });
  // Foreign keys hold by construction; checking them takes longer than all the rest.
  await client.query('SET session_replication_role = replica');
  await client.query(`
    INSERT INTO users (user_id, name, email, api_key, total_capital)
    SELECT 'u' || i, 'Trader', i || '@example.com', md5(i::text), 1000000 FROM generate_series(1, ${USERS}) i;
    INSERT INTO trading_sessions (session_id, user_id, capital_at_start, peak_equity, max_drawdown)
    SELECT 'ses_' || i, 'u' || i, 1000000, 1000000, i % 101 / 10.0 FROM generate_series(1, ${USERS}) i;
    INSERT INTO risk_rules (rule_id, user_id, rule_type, rule_value)
    SELECT 'rul_' || i || '_' || type, 'u' || i, type,
      CASE type WHEN 'MAX_POSITION_SIZE' THEN 100000 WHEN 'MAX_DRAWDOWN' THEN 9.9 WHEN 'MAX_DAILY_LOSS' THEN 25000
        WHEN 'MAX_ORDERS_PER_DAY' THEN 1000000 ELSE 900000 END
    FROM generate_series(1, ${USERS}) i, unnest(enum_range(NULL::rule_type)) type;
    INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price, unrealized_pnl)
    SELECT 'pos_' || i || '_' || n, 'u' || i, 'SYM' || n, (CASE WHEN n % 3 = 0 THEN 'SHORT' ELSE 'LONG' END)::position_side,
      10 * n, 100, 100 + (i + n) % 9, (i % 400 - 200) * n
    FROM generate_series(1, ${USERS}) i, generate_series(1, 10) n`);
  const day = `'${DAY_START}'::timestamp - make_interval(days => (${DAYS} - 1 - (i * ${DAYS}::bigint / ${ORDERS}))::int)`;
  await client.query(`
    INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, filled_quantity, filled_price, status,
      created_at)
    SELECT 'ord_' || lpad(i::text, 10, '0'), 'u' || (1 + i % ${USERS}), 'SYM' || (1 + i / ${USERS} % 10),
      (CASE WHEN i % 2 = 0 THEN 'BUY' ELSE 'SELL' END)::order_side, 'LIMIT', 10, 100, 10, 100, 'FILLED',
      ${day} + make_interval(secs => i % 20000)
    FROM generate_series(0, ${ORDERS - 1}) i`);
  await client.query(`
    INSERT INTO order_fills (fill_id, order_id, broker_fill_id, quantity, price, executed_at, position_id, realized_pnl)
    SELECT 'fil' || substr(order_id, 4), order_id, 'b' || order_id, quantity, price, created_at,
      'pos_' || substr(user_id, 2) || '_' || substr(symbol, 4), (substr(user_id, 2)::int % 200 - 100)
    FROM orders WHERE created_at >= '${DAY_START}'::timestamp - interval '1 day'`);
  await client.query('SET session_replication_role = DEFAULT');
  await client.query('VACUUM ANALYZE');
  await client.query('CHECKPOINT');
}

/** Every rule has moved since the last check, which is the most that one can find to write. */
async function moveEverything(): Promise<void> {
  await client.query('UPDATE risk_rules SET current_value = current_value + 1');
  await client.query('VACUUM risk_rules');
  await client.query('CHECKPOINT');
}

/** As between two checks of one day: most values are those that the last check stored. */
async function moveFew(): Promise<void> {
  await client.query(
    'UPDATE risk_rules SET current_value = current_value + 1 WHERE abs(hashtext(rule_id)) % 100 = 0',
  );
  await client.query('VACUUM risk_rules');
  await client.query('CHECKPOINT');
}

/** What a check sends, with its values written into it. */
async function recordStatements(): Promise<string[]> {
  const connection = connectServer(server.url, {
    applicationName: 'bench',
    poolSize: 1,
    statementTimeoutMs: 0,
  });
  const sent: string[] = [];
  const send = pg.Client.prototype.query;
  pg.Client.prototype.query = function (this: pg.Client, text: string, values: unknown[] = []) {
    if (text.startsWith('SELECT set_config') || text.includes('risk_rules'))
      sent.push(
        text.replace(/\$(\d+)/g, (_, n) => `'${String(values[Number(n) - 1]).replaceAll("'", "''")}'`),
      );
    return (send as unknown as (text: string, values: unknown[]) => unknown).call(this, text, values);
  } as unknown as typeof send;
  const rail = {
    command: 'bench',
    labels: {},
    dryRun: false,
    signal: new AbortController().signal,
    phase: 4 as const,
    step: 1,
    afterCommit: NO_PROJECTION,
  };
  try {
    await change(connection, rail, async (trx) => ({
      result: await evaluateAllRules(trx, null, CLOCK),
      audit: null,
    }));
  } finally {
    pg.Client.prototype.query = send;
    await connection.close();
  }
  return sent;
}
