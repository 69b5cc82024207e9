// What a scrape costs with many traders in the middle of a day: `npm run bench:metrics`.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { cli } from '../test/helpers/cli.ts';
import { startExplaining } from '../test/helpers/explained.ts';
import { runSql } from '../test/helpers/postgres.ts';
import { atMost, median, publish } from './publish.ts';

const USERS = Number(process.env['USERS'] ?? 10_000);
const ORDERS = Number(process.env['ORDERS'] ?? 1_000_000);
const ROUNDS = Number(process.env['ROUNDS'] ?? 9);
const TODAY = USERS * 10;
/** From the end of one reading to the begin of the next, as metrics serve has it. */
const PAUSE_MS = 5_000;
const SCRAPES = 50;
const MOST_SCRAPE_MS = 50;
/** The clock of the kernel in the statistics of a process. */
const TICK_MS = 10;

const server = await startExplaining({ shared_buffers: '512MB', max_wal_size: '8GB' });
const env = { DATABASE_URL: server.url, PINNACLE_TIMEOUT: '10m' };
try {
  await fill();
  const child = spawn(process.execPath, ['bin/pinnacle.js', 'metrics', 'serve', '--listen', '127.0.0.1:0'], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(child.stdout, 'data');
  const url = String(line).trim();
  const cpuMs = () => {
    const [, rest = ''] = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ');
    const [user = 0, system = 0] = rest.split(' ').slice(11, 13).map(Number);
    return (user + system) * TICK_MS;
  };
  const scrape = async () => {
    const started = performance.now();
    const text = await (await fetch(url)).text();
    const ms = performance.now() - started;
    if (!text.includes('\npinnacle_scrape_success 1\n')) throw new Error(text.slice(0, 200));
    const [, took] = /^pinnacle_scrape_duration_seconds (\S+)$/m.exec(text) ?? [];
    return { ms, tookMs: Number(took) * 1_000 };
  };
  const [scrapes, readings, onServer, buffers]: [number[], number[], number[], number[]] = [[], [], [], []];
  await scrape();
  await server.executions();
  let cpu = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const before = cpuMs();
    // Nobody asks meanwhile, so that the time of the processor is that of the reading.
    let executions = await server.executions();
    for (; executions.length === 0; executions = await server.executions()) await sleep(200);
    await sleep(PAUSE_MS / 2);
    executions.push(...(await server.executions()));
    cpu += cpuMs() - before;
    onServer.push(executions.reduce((sum, { ms }) => sum + ms, 0));
    buffers.push(executions.reduce((sum, each) => sum + each.buffers, 0));
    if (process.env['SHOW'])
      for (const { sql, ms, nodes } of executions) console.log(ms, sql.slice(0, 60), nodes.join(', '));
    const answers = [];
    for (let n = 0; n < SCRAPES; n++) answers.push(await scrape());
    scrapes.push(...answers.map(({ ms }) => ms));
    readings.push(answers.at(-1)?.tookMs ?? 0);
  }
  child.kill('SIGTERM');
  const ms = (value: number) => value.toFixed(1);
  publish(
    'metrics',
    `${USERS.toLocaleString('en-IN')} traders, ${ORDERS.toLocaleString('en-IN')} orders, ${TODAY.toLocaleString('en-IN')} of them today

| | median ms | slowest ms |
| --- | ---: | ---: |
| a scrape | ${atMost(median(scrapes), MOST_SCRAPE_MS, 1)} | ${ms(Math.max(...scrapes))} |
| a reading in the background | ${ms(median(readings))} | ${ms(Math.max(...readings))} |
| of which the server executes | ${ms(median(onServer))} | ${ms(Math.max(...onServer))} |

A reading takes ${Math.round(median(buffers)).toLocaleString('en-IN')} pages of 8 kB, and ${ms(cpu / ROUNDS)} ms of a processor for \`metrics serve\`.`,
  );
} finally {
  await server.stop();
}

/** A book in the middle of a trading day: every trader with a session, limits, positions, orders and executions of today. */
async function fill(): Promise<void> {
  const { code, stderr } = await cli(['migrate', 'up'], { env });
  if (code !== 0) throw new Error(stderr);
  const trader = (i: string) => `'trader_' || ((${i}) % ${USERS})`;
  // Over the hours before now, as far as the day has come.
  const today = (of: number) =>
    `greatest(now() - interval '6 hours', date_trunc('day', now() AT TIME ZONE 'Asia/Kolkata') AT TIME ZONE 'Asia/Kolkata') + (now() - greatest(now() - interval '6 hours', date_trunc('day', now() AT TIME ZONE 'Asia/Kolkata') AT TIME ZONE 'Asia/Kolkata')) * (i::float8 / ${of})`;
  const order = (from: string, at: string, working: string) => `
    INSERT INTO orders (order_id, user_id, symbol, side, order_type, quantity, price, filled_quantity, status, created_at, updated_at)
    SELECT 'ord_${from}' || lpad(to_hex(i), 25, '0'), ${trader('i')}, 'SYM' || i % 200, 'BUY', 'LIMIT', 10, 100, 0,
      (CASE WHEN ${working} THEN 'PLACED' WHEN i % 3 = 0 THEN 'CANCELLED' ELSE 'FILLED' END)::order_status, ${at}, ${at}
    FROM generate_series(1, `;
  await runSql(
    server.url,
    'SET session_replication_role = replica',
    `INSERT INTO users (user_id, name, email, api_key) SELECT ${trader('i')}, 'T', i || '@example.com', md5(i::text)
     FROM generate_series(0, ${USERS - 1}) i`,
    `${order('a', "now() - interval '1 day' * (1 + i % 300)", 'false')}${ORDERS - TODAY}) i`,
    `${order('b', today(TODAY), 'i % 20 = 0')}${TODAY}) i`,
    `INSERT INTO order_fills (fill_id, order_id, broker_fill_id, quantity, price, executed_at, position_id, realized_pnl)
     SELECT 'fil_' || order_id, order_id, order_id, 10, 100, created_at, 'pos_1', 1 FROM orders WHERE status = 'FILLED'`,
    `INSERT INTO positions (position_id, user_id, symbol, side, quantity, average_price, current_price, unrealized_pnl, marked_at)
     SELECT 'pos_' || i, ${trader('i')}, 'SYM' || i / ${USERS}, CASE WHEN i % 4 = 0 THEN 'SHORT' ELSE 'LONG' END::position_side, 10, 100, 101, 10,
       now() AT TIME ZONE 'UTC' FROM generate_series(0, ${USERS * 3 - 1}) i`,
    `INSERT INTO trading_sessions (session_id, user_id, start_time, capital_at_start, peak_equity, max_drawdown)
     SELECT 'ses_' || i, ${trader('i')}, now(), 1000000, 1000000, i % 10 FROM generate_series(0, ${USERS - 1}) i`,
    `INSERT INTO risk_rules (rule_id, user_id, rule_type, rule_value, current_value, is_violated)
     SELECT 'rul_' || i || r, ${trader('i')}, r, 100, i % 101, i % 1000 = 0
     FROM generate_series(0, ${USERS - 1}) i, unnest(enum_range(NULL::rule_type)) r`,
    `INSERT INTO cash_flows (flow_id, user_id, kind, amount, day, reference)
     SELECT 'flw_' || d || '_' || i, ${trader('i')}, 'charge', -10, (now() AT TIME ZONE 'Asia/Kolkata')::date - d, 'charges:' || d
     FROM generate_series(0, ${USERS - 1}) i, generate_series(0, 29) d`,
    `INSERT INTO notifications (notification_id, user_id, notification_type, alert_level, title, message, created_at)
     SELECT 'ntf_' || i, ${trader('i')}, 'RISK_ALERT', 'WARNING', 't', 'm', now() - interval '1 second' * i FROM generate_series(1, ${USERS * 5}) i`,
    `INSERT INTO audit_log (at, command, target, body) SELECT now() - interval '1 second' * (i % 21600), 'order place', 'order ' || i,
       '{"by":{"duration_ms":' || i % 900 || ',"os_user":"desk"},"order":{"price":"100.00","quantity":10,"symbol":"TCS","type":"LIMIT"}}'
     FROM generate_series(1, ${TODAY * 2}) i`,
    `INSERT INTO audit_seals (seq, audit_id, txid, cluster, hash) SELECT id, id, txid, '', '' FROM audit_log`,
    'VACUUM ANALYZE',
  );
}
