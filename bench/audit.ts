// The audit log: what sealing and recording cost a write, and how fast the chain is verified; fsync on. `npm run bench:audit`.

import { execFileSync } from 'node:child_process';
import pg from 'pg';
import { NO_PROJECTION } from '../src/audit/after-commit.ts';
import { change } from '../src/audit/change.ts';
import { verifyLog } from '../src/audit/verify-chain.ts';
import { orderId, userId } from '../src/domain/id.ts';
import { instant } from '../src/domain/instant.ts';
import { tradingSymbol } from '../src/domain/symbol.ts';
import { connectServer } from '../src/platform/postgres/connect.ts';
import { insertOrder } from '../src/trading/ledger/insert-orders.ts';
import { checkPreTrade } from '../src/trading/risk/pre-trade.ts';
import { startServer } from '../test/helpers/postgres.ts';
import { median, publish } from './publish.ts';

const ENTRIES = Number(process.env['ENTRIES'] ?? 100_000);
const WRITES = Number(process.env['WRITES'] ?? 200);
const ROUNDS = Number(process.env['ROUNDS'] ?? 9);
const USER = userId.parse('trader_001');
const SYMBOL = tradingSymbol.parse('TCS');
const START = instant(new Date('2026-01-30T03:45:00Z'));
const CLOCK = { now: START, dayStart: START, staleBefore: START };
const ORIGIN = {
  command: 'order place',
  labels: {},
  dryRun: false,
  signal: new AbortController().signal,
  phase: 4 as const,
  step: 1,
  afterCommit: NO_PROJECTION,
};

const server = await startServer({ fsync: 'on', shared_buffers: '512MB', max_wal_size: '4GB' });
const client = new pg.Client({ connectionString: server.url });
await client.connect();
const connection = connectServer(server.url, {
  applicationName: 'bench',
  poolSize: 2,
  statementTimeoutMs: 0,
});
try {
  await prepare();
  const costs: number[] = [];
  const times: [number, number][] = [];
  await write(true, 'warm');
  await write(false, 'warmer');
  for (let round = 0; round < ROUNDS; round++) {
    // Each round begins with the other one, so that neither always comes behind a checkpoint of the server.
    const first = round % 2 === 0;
    const [a, b] = [await write(first, `a${round}`), await write(!first, `b${round}`)];
    const [audited = 0, bare = 1] = first ? [a, b] : [b, a];
    costs.push(audited / bare);
    times.push([audited, bare]);
  }
  const rate = await verify();
  const [audited, bare] = [0, 1].map((i) => median(times.map((pair) => pair[i] ?? 0)) / WRITES);
  publish(
    'audit',
    `| measure | result | demanded |
| --- | ---: | ---: |
| entries verified a second, of ${ENTRIES} | ${Math.round(rate)} | at least 30000 |
| an audited and sealed write over the same write without either, paired | ${median(costs).toFixed(2)} | at most 1.25 |
| ms an audited write, ms a bare one | ${audited?.toFixed(2)}, ${bare?.toFixed(2)} | |`,
  );
  process.exitCode = rate >= 30_000 && median(costs) <= 1.25 ? 0 : 6;
} finally {
  await connection.close();
  await client.end();
  await server.stop();
}

async function prepare(): Promise<void> {
  execFileSync(process.execPath, ['bin/pinnacle.js', 'migrate', 'up'], {
    env: { ...process.env, DATABASE_URL: server.url },
    stdio: 'ignore',
  });
  await client.query(`
    INSERT INTO users (user_id, name, email, api_key, total_capital)
    VALUES ('trader_001', 'Trader', 't@example.com', 'k', 1000000)`);
}

/** Places orders one by one, as `order place` does; gives the milliseconds. */
async function write(audited: boolean, name: string): Promise<number> {
  const started = process.hrtime.bigint();
  for (let i = 0; i < WRITES; i++) {
    const order = {
      order_id: orderId.parse(`ord_${name}_${i}`),
      user_id: USER,
      strategy_id: null,
      symbol: SYMBOL,
      side: 'BUY' as const,
      order_type: 'LIMIT' as const,
      quantity: 1,
      price: 100,
      created_at: START,
    };
    await change(connection, ORIGIN, async (trx) => {
      await checkPreTrade(trx, order, CLOCK);
      await insertOrder(trx, order);
      return { result: null, audit: audited ? { target: `order ${order.order_id}`, body: { order } } : null };
    });
  }
  return Number(process.hrtime.bigint() - started) / 1e6;
}

/** Fills the log up with entries like those of orders, seals them, and times their verification. */
async function verify(): Promise<number> {
  await client.query(
    `INSERT INTO audit_log (command, target, body)
     SELECT l.command, l.target, l.body FROM audit_log l, generate_series(1, $1)
     WHERE l.command = 'order place' LIMIT $1 - (SELECT count(*) FROM audit_log)`,
    [ENTRIES],
  );
  await client.query(`SELECT audit_seal(${ENTRIES}, true)`);
  await client.query('VACUUM ANALYZE');
  const rates: number[] = [];
  for (let round = 0; round < 3; round++) {
    const started = process.hrtime.bigint();
    const sources = { anchor: undefined, publicKey: undefined, signingKey: undefined, uid: undefined };
    const { entries, unsealed, offenders } = await verifyLog(connection.kysely, sources, () => {});
    if (entries !== ENTRIES || unsealed > 0 || offenders.length > 0)
      throw new Error(`verified ${entries}, ${unsealed} unsealed, ${offenders.length} offenders`);
    rates.push(entries / (Number(process.hrtime.bigint() - started) / 1e9));
  }
  return median(rates);
}
